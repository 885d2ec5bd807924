"""Define the rules of a game about a type's settings: debounced and unique jobs, keys, and pauses."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import registered
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import RETRYABLE
from tests.proof.games.misfortunes import Misfortunes
from tests.proof.grounds.ground import TYPE

UNIQUE = Unique(by=("name",), seconds=3600)
APART = 5.0
"""Seconds by which two clocks of the game differ at most."""
MODES = ("", "", "rate", "pauses", "keys")


class Steering(Misfortunes):
    """The actions of a producer and an operator with the type's settings."""

    def __init__(self) -> None:
        super().__init__()
        self.only: tuple[str, float] | None = None
        self.asked: list[tuple[str, str, int]] = []
        self.keys = False

    def steer(self, mode: str) -> None:
        """Give the type a rate, an automatic pause, or `serial_by`; or nothing."""
        self.keys = mode == "keys"
        if mode == "rate":
            self.world.pace(Rate(1, per=60))
        elif mode == "pauses":
            self.world.pause_when(Failing(of=2, within=4000))
        elif self.keys:
            self.world.serialize()

    def key_of(self, name: str) -> int:
        """Return the number of the job's key (0: it has none); "c" has its own key."""
        return 0 if not self.keys else 2 if name == "c" else 1

    @rule(key=st.sampled_from(["k1", "k2"]), seconds=st.sampled_from([5, 700, 3000]))
    def debounce(self, key: str, seconds: int) -> None:
        """POST /jobs with a debounce key: the last request that was answered determines the payload."""
        self.asked.append((f"debounced {len(self.asked) + 1}", key, seconds))
        self.step(lambda: self.world.debounce(*self.asked[-1]))

    @precondition(lambda self: self.asked)
    @rule(back=st.integers(1, 3), seconds=st.sampled_from([0, 0, 6, 701]))
    def debounce_again(self, back: int, seconds: int) -> None:
        """Repeat one of the last requests with its key, perhaps after its job has run: the answer must be the same."""
        self.clock.advance(seconds)
        for _ in range(4 if seconds else 0):  # earlier messages come first, and run nothing
            self.step(self.world.poll)
        again = self.asked[-min(back, len(self.asked))]
        before, answered = len(self.ground.jobs()), again[0] in self.world.accepted
        self.step(lambda: self.world.debounce(*again))
        assert not answered or len(self.ground.jobs()) == before, "a repeated request made another job"

    @rule()
    def create_unique(self) -> None:
        """POST /jobs for a unique type: it returns the same job within an hour, unless the job ended badly."""
        asked = self.world.asked(TYPE, {"name": "unique", "ballast": ""})
        registered[TYPE] = replace(self.world.kind, unique=UNIQUE)
        try:
            with self.ground.faults.asleep():
                job = self.world.service.submit(asked).job
        finally:
            registered[TYPE] = self.world.kind
        self.follow()
        if self.only is not None:
            found, at = self.only
            bad, passed = self.models[found].status in RETRYABLE, self.clock.now - at
            assert bad or passed > UNIQUE.seconds - APART or job.id == found, "a unique job was made twice"
            assert not (bad or passed > UNIQUE.seconds + APART) or job.id != found, "a job stood in the way for ever"
        if self.only is None or job.id != self.only[0]:
            self.only = job.id, self.clock.now

    @precondition(lambda self: self.world.by_itself is not None)
    @rule()
    def pause_for_an_operator(self) -> None:
        """POST /job-types/{type}/pause, also for a type that is paused automatically."""
        self.step(self._by_itself.pause)

    @precondition(lambda self: self.world.by_itself is not None)
    @rule()
    def resume_for_an_operator(self) -> None:
        """POST /job-types/{type}/resume, whoever has paused the type."""
        self.step(self._by_itself.resume)

    @precondition(lambda self: self.world.by_itself is not None)
    @rule(turns=st.integers(1, 6))
    def live_while_paused(self, turns: int) -> None:
        """Let jobs fail in the same way, and minutes pass."""
        self.world.script["a"] += ["err"] * turns
        for _ in range(turns):
            self.step(self.world.poll)
            self.clock.advance(61)
            self.step(self.world.watch)

    @property
    def _by_itself(self) -> Any:
        return self.world.by_itself
