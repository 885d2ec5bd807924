"""Define one game of the state machine.

A simulated platform, the model, and the checks after each step and at the end.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from chalicelib.jobs.job import TERMINAL, Status
from chalicelib.jobs.port import Overdue
from tests.proof.grounds.faults import Crash, ReplyLost, Throttled
from tests.proof.grounds.ground import Received, Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.invariants import DISCARDS, broken_always, broken_at_rest
from tests.proof.roles.script import silence
from tests.proof.world import World
from tests.support import Clock


@dataclass
class Model:
    """The model of a job: its state, from which the model predicts which actions an operator may do."""

    status: Status
    gen: int = 1


class Game(RuleBasedStateMachine):
    """One simulated platform, used until Hypothesis ends the game; `stand` describes its adapters."""

    stand: ClassVar[Stand] = staticmethod(in_memory)
    steps: ClassVar[int] = 0
    machines: ClassVar[int] = 0
    struck: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.doors = ExitStack()
        self.doors.enter_context(silence())
        place: AbstractContextManager[Any] = type(self).stand(self.clock)
        self.ground = self.doors.enter_context(place)
        self.world = World(self.ground, self.clock, random.Random(1))
        self.models: dict[str, Model] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.flying: list[Received] = []
        self.listed: Sequence[Overdue] = []
        self.read = 0
        type(self).machines += 1

    def step(self, work: Callable[[], object]) -> None:
        """Let one process act; if it dies, or gives up after a fault, the game continues."""
        try:
            work()
        except (Throttled, ReplyLost, Crash):
            pass
        finally:
            self.follow()

    def follow(self) -> None:
        """Read the new writes in the log, and make the same moves in the model, which has only the legal ones."""
        writes = self.ground.writes()
        for job_id, _, new in writes[self.read :]:
            model = self.models.setdefault(job_id, Model(new.status))
            discarded = (model.status, new.status) in DISCARDS and new.gen == model.gen
            if model.status in TERMINAL and new.status is not model.status and not discarded:
                assert new.gen == model.gen + 1, f"{job_id} left {model.status} without an operator"
            model.status, model.gen = new.status, new.gen
        self.read = len(writes)

    @invariant()
    def nothing_is_broken(self) -> None:
        """Check what must be true at any moment."""
        type(self).steps += 1
        assert broken_always(self.world) == []
        assert {job.id: (job.status, job.gen) for job in self.ground.jobs()} == {
            job_id: (model.status, model.gen) for job_id, model in self.models.items()
        }

    def teardown(self) -> None:
        """End all faults; the system comes to rest, and every job must have ended correctly."""
        try:
            faults = self.ground.faults
            faults.calm()
            self.world.calm()
            self.world.rest()
            self.follow()
            assert broken_at_rest(self.world) == []
        finally:
            type(self).struck.update(self.ground.faults.struck)
            self.doors.close()
