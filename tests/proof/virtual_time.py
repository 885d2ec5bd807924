"""Run processes in threads, one at a time, with a virtual clock: each goes on when its time has come."""

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any, ClassVar


class Over(BaseException):
    """The game is over."""


class Thread:
    """A thread that runs one process after the other; games share the threads, because each costs time to begin."""

    idle: ClassVar[list["Thread"]] = []

    def __init__(self) -> None:
        self.act: Callable[[], None] = lambda: None
        self.lock = threading.Lock()
        self.lock.acquire()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.lock.acquire()
            self.act()

    @classmethod
    def begin(cls, act: Callable[["Thread"], None]) -> None:
        """Run this in a thread, and give it the thread."""
        thread = cls.idle.pop() if cls.idle else cls()
        thread.act = lambda: act(thread)
        thread.lock.release()


class VirtualTime:
    """Run processes one at a time, in the order of the times until which they sleep."""

    def __init__(self, start: float) -> None:
        self.now, self.until, self.over = start, start, False
        self.error: BaseException | None = None
        self._next: list[tuple[float, int, Any]] = []
        self._numbers, self._main = itertools.count(), threading.Lock()
        self._main.acquire()

    def begin(self, after: float, act: Callable[[], object]) -> None:
        """Run a process after so many seconds; at once if they are negative, because time does not go back."""
        heapq.heappush(self._next, (self.now + max(0.0, after), next(self._numbers), act))

    def sleep(self, seconds: float) -> None:
        """Let the others go on for so many seconds."""
        at = self.now + max(0.0, seconds)
        if at <= self.until and (not self._next or at < self._next[0][0]):
            self.now = at
            return
        mine = threading.Lock()
        mine.acquire()
        heapq.heappush(self._next, (at, next(self._numbers), mine))
        self._go_on()
        mine.acquire()
        if self.over:
            raise Over

    def run(self, seconds: float) -> None:
        """Let all go on for so many seconds, or until a process raises an error."""
        self.until = self.now + seconds
        self._go_on()
        self._main.acquire()
        if self.error is not None:
            raise self.error
        self.now = self.until

    def end(self) -> None:
        """End all processes."""
        self.over = True
        for _, _, one in self._next:
            if not callable(one):
                one.release()
                self._main.acquire()

    def _go_on(self) -> None:
        if self.error is not None or self.over or not self._next or self._next[0][0] > self.until:
            self._main.release()
            return
        self.now, _, one = heapq.heappop(self._next)
        if callable(one):
            Thread.begin(lambda thread: self._process(one, thread))
        else:
            one.release()

    def _process(self, act: Callable[[], object], thread: Thread) -> None:
        try:
            act()
        except Over:
            pass
        except BaseException as error:
            self.error = self.error or error
        Thread.idle.append(thread)
        self._go_on()
