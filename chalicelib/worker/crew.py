"""Keep the threads in which jobs run side by side."""

from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Protocol


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
            except RuntimeError:  # the threads that job functions have left running have used up the process's limit
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
