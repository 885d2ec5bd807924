"""Make several requests at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Semaphore, Thread
from typing import Protocol, TypeVar

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


class Crew(Protocol):
    """Does several pieces of work, of which some may run at the same time."""

    def room(self) -> None:
        """Wait until another piece of work can begin at once. May raise as `join` does."""

    def begin(self, work: Callable[[], None]) -> None:
        """Begin a piece of work; the caller has waited for `room`."""

    def join(self) -> None:
        """Wait until nothing runs any more. Raises the first error of a piece of work, once."""


class OneByOne:
    """Do each piece of work before the caller goes on. See Crew."""

    def room(self) -> None:
        """See Crew."""

    def begin(self, work: Callable[[], None]) -> None:
        """See Crew; raises what the work raises."""
        work()

    def join(self) -> None:
        """See Crew."""


class Threads:
    """Do each piece of work in a thread of its own, at most `most` of them at the same time. See Crew.

    Each thread has a copy of the caller's context variables.
    """

    def __init__(self, most: int, beside: Beside = in_a_thread) -> None:
        self._free = Semaphore(most)
        self._beside = beside
        self._waits = list[Wait]()
        self._errors = list[BaseException]()

    def room(self) -> None:
        """See Crew."""
        self._free.acquire()
        self._free.release()  # only the caller begins work, so the place stays free
        if self._errors:
            self.join()

    def begin(self, work: Callable[[], None]) -> None:
        """See Crew."""
        self._free.acquire()

        def do() -> None:
            try:
                work()
            except BaseException as error:
                self._errors.append(error)
            finally:
                self._free.release()

        self._waits.append(self._beside(do))

    def join(self) -> None:
        """See Crew."""
        while self._waits:
            self._waits.pop()()
        if self._errors:
            error, self._errors = self._errors[0], []
            raise error


def crew_of(threads: int) -> Crew:
    """Return what does as many pieces of work at the same time; with 1, without any thread."""
    return OneByOne() if threads == 1 else Threads(threads)


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
