"""Run the jobs of a batch in threads of which one runs at a time: the same random choices give the same run.

Before each request of a job, and while its function runs, another job of the process may go on.
"""

import random
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from tests.proof.grounds.faults import WITHOUT_REQUEST, Crash

_here = threading.local()


def let_others_go_on() -> None:
    """Let other jobs of this process go on, if this thread runs one of several.

    Raises Crash if the process has died meanwhile.
    """
    if (job := getattr(_here, "job", None)) is not None:
        job.pause()


class _Running:
    """A job in a thread, which goes on only while the thread that began it waits."""

    def __init__(self, process: "OneAtATime", work: Callable[[], None]) -> None:
        self._process, self._work = process, work
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)
        self.begun = self.ended = False
        self.error: BaseException | None = None

    def go_on(self) -> None:
        """Let it run until it pauses or ends."""
        if not self.begun:
            self.begun = True
            self._thread.start()
        self._go.release()
        self._paused.acquire()

    def pause(self) -> None:
        self._paused.release()
        self._go.acquire()
        if self._process.died:
            raise Crash("another thread of the process")
        if self._process.over():
            raise Crash("the time of the invocation")

    def _run(self) -> None:
        self._go.acquire()
        _here.job = self
        try:
            self._work()
        except BaseException as error:
            self.error = error
        self.ended = True
        self._paused.release()


class OneAtATime:
    """See Crew. If a job ends the process, or a request does, no request of another job arrives after that.

    `over` says whether the time of the invocation is over: no job goes on then, because Lambda has ended the process.
    `follows` is called before each job that is begun after another one.
    """

    def __init__(
        self,
        most: int,
        rng: random.Random,
        over: Callable[[], bool] = lambda: False,
        follows: Callable[[], object] = lambda: None,
    ) -> None:
        self._most, self._rng, self.over, self._follows = most, rng, over, follows
        self._running = list[_Running]()
        self.died = self._began = False
        self.overlapped = 0
        """How many jobs began while another one was running."""

    def room(self, _: float) -> bool:
        """See Crew."""
        while self._running and (len(self._running) >= self._most or self._rng.random() < 1 / 2):
            self._go_on()
        return True

    def begin(self, work: Callable[[], None]) -> None:
        """See Crew."""
        if self._began:
            self._follows()
        self._began = True
        self.overlapped += any(job.begun for job in self._running)
        self._running.append(_Running(self, work))

    def join(self) -> None:
        """See Crew."""
        while self._running:
            if self.died:
                self._end()
            else:
                self._go_on()

    def port(self, port: object) -> Any:
        """Return a port for the process: before each request, another job may go on."""
        return _Port(port, self)

    def _go_on(self) -> None:
        job = self._rng.choice(self._running)
        job.go_on()
        if not job.ended:
            return
        self._running.remove(job)
        if job.error is not None:
            self._end()
            raise job.error

    def _end(self) -> None:
        """End the process: a job that has begun goes no further."""
        self.died = True
        for job in self._running:
            while job.begun and not job.ended:
                job.go_on()
        self._running.clear()


class _Port:
    def __init__(self, port: object, process: OneAtATime) -> None:
        self._port, self._process = port, process

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name in WITHOUT_REQUEST or not callable(method):
            return method

        def call(*asked: Any, **more: Any) -> Any:
            let_others_go_on()
            try:
                return method(*asked, **more)
            except Crash:
                self._process.died = True
                raise

        return call
