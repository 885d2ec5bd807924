"""Make several requests at the same time, or go on while some work is done."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
A = TypeVar("A")
Wait = Callable[..., None]
"""Waits until some work has ended; with a number, for at most as many seconds."""
Beside = Callable[[Callable[[], None]], Wait]
"""Begins some work, which must not raise; returns what waits for it."""


def at_once(work: Callable[[], None]) -> Wait:
    """Do the work before anything else. See Beside."""
    work()
    return lambda *_: None


def in_a_thread(work: Callable[[], None]) -> Wait:
    """Do the work in a thread while the caller goes on. See Beside."""
    thread = Thread(target=copy_context().run, args=(work,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the threads that job functions have left running have used up the process's limit
        return at_once(work)
    return thread.join


def if_a_thread_is_free(work: Callable[[], None]) -> Wait:
    """Do the work in a thread while the caller goes on, or not at all: for what may be lost. See Beside."""
    thread = Thread(target=copy_context().run, args=(work,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # see in_a_thread
        return lambda *_: None
    return thread.join


def side_by_side(work: Callable[[A], T], items: Sequence[A], threads: int) -> list[T]:
    """Return what `work` returns for each item, with as many calls at the same time as there are `threads`.

    Raises the error of the first item that failed, as soon as no call runs any more. Calls that had not begun are left
    out.
    """
    if threads == 1 or len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(threads, len(items))) as pool:
        calls = [pool.submit(copy_context().run, work, item) for item in items]
        wait(calls, return_when="FIRST_EXCEPTION")
        for call in calls:
            call.cancel()
    failed = next((call.exception() for call in calls if not call.cancelled() and call.exception()), None)
    if failed is not None:
        raise failed
    return [call.result() for call in calls]
