"""One game of the state machine: a world, the model beside it, and what must hold after each step and at the end."""

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
    """What the model knows of a job: the state it is in, by which it predicts what an operator may do."""

    status: Status
    gen: int = 1


class Game(RuleBasedStateMachine):
    """One world, kept until Hypothesis is done with it; `stand` says what it stands on."""

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
        """Let someone do something; that it dies, or gives up after a fault, is part of the game."""
        try:
            work()
        except (Throttled, ReplyLost, Crash):
            pass
        finally:
            self.follow()

    def follow(self) -> None:
        """Read on in the log, and let the model take the same steps; it knows the legal ones only."""
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
        """What must hold at any moment."""
        type(self).steps += 1
        assert broken_always(self.world) == []
        assert {job.id: (job.status, job.gen) for job in self.ground.jobs()} == {
            job_id: (model.status, model.gen) for job_id, model in self.models.items()
        }

    def teardown(self) -> None:
        """Faults stop; the system comes to rest, and everything must have ended well."""
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
