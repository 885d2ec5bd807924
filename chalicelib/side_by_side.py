"""Make several requests at the same time, and keep the threads in which jobs run side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
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

    def room(self, most: float) -> bool:
        """Wait for up to `most` seconds until another piece of work can begin at once; return whether it can.

        May raise as `join` does.
        """

    def begin(self, work: Callable[[], None]) -> None:
        """Begin a piece of work; the caller has waited for `room`."""

    def join(self) -> None:
        """Wait until nothing runs any more. Raises the first error of a piece of work, once."""


class OneByOne:
    """Do each piece of work before the caller goes on. See Crew."""

    def room(self, _: float) -> bool:
        """See Crew."""
        return True

    def begin(self, work: Callable[[], None]) -> None:
        """See Crew; raises what the work raises."""
        work()

    def join(self) -> None:
        """See Crew."""


class KeptThreads:
    """Threads that stay for the life of the process: libraries keep connections for each thread.

    A thread that a piece of work never leaves is replaced by another one.
    """

    def __init__(self) -> None:
        self._idle = list[SimpleQueue[tuple[Callable[[], None], Callable[[], None]]]]()

    def begin(self, work: Callable[[], None], ended: Callable[[], None]) -> None:
        """Do the work, which must not raise, in a thread while the caller goes on; call `ended` after it."""
        try:
            asked = self._idle.pop()  # the one that worked last, so that few threads are used
        except IndexError:
            asked = SimpleQueue()
            try:
                Thread(target=self._serve, args=(asked,), daemon=True).start()
            except RuntimeError:  # see in_a_thread
                work()
                ended()
                return
        asked.put((work, ended))

    def _serve(self, asked: SimpleQueue[tuple[Callable[[], None], Callable[[], None]]]) -> None:
        while True:
            work, ended = asked.get()
            work()
            del work  # an idle thread must not keep what a job has used
            self._idle.append(asked)
            ended()


class Threads:
    """Do each piece of work in a thread, at most `most` of them at the same time. See Crew.

    Each piece of work has a copy of the caller's context variables, also if a thread does one after the other.
    """

    def __init__(self, most: int, threads: KeptThreads) -> None:
        self._free = Semaphore(most)
        self._threads = threads
        self._begun = list[Event]()
        self._errors = list[BaseException]()

    def room(self, most: float) -> bool:
        """See Crew."""
        free = self._free.acquire(timeout=max(0.0, most))
        if free:
            self._free.release()  # only the caller begins work, so the place stays free
        if self._errors:
            self.join()
        return free

    def begin(self, work: Callable[[], None]) -> None:
        """See Crew."""
        self._free.acquire()
        over, context = Event(), copy_context()

        def do() -> None:
            try:
                context.run(work)
            except BaseException as error:
                self._errors.append(error)

        def ended() -> None:
            self._free.release()
            over.set()

        self._threads.begin(do, ended)
        self._begun.append(over)

    def join(self) -> None:
        """See Crew."""
        while self._begun:
            self._begun.pop().wait()
        if self._errors:
            error, self._errors = self._errors[0], []
            raise error


_kept = KeptThreads()


def crew_of(threads: int) -> Crew:
    """Return what does as many pieces of work at the same time; with 1, without any thread."""
    return OneByOne() if threads == 1 else Threads(threads, _kept)


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
