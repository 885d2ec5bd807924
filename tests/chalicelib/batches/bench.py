"""Run batches over the memory ports, with a stream of two shards; each call of a port may end the process."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.batches.batches import Batches, NewBatch
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.round import Round
from chalicelib.errors import NotStored
from chalicelib.job_types import jobtype
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.webhooks.maker import DeliveryMaker
from chalicelib.webhooks.memory import MemoryWebhooks
from chalicelib.webhooks.webhook import Webhook
from tests.chalicelib.webhooks.support import DELIVERING
from tests.support import Clock

SHARDS = 2
WEBHOOKS = ("billing", "audit")


class Part(BaseModel):
    name: str = ""


class Odd(BatchEnd):
    shop: str


def work(payload: Part, ctx: JobContext) -> None:
    """Do nothing."""


def told(payload: BatchEnd, ctx: JobContext) -> None:
    """Be told."""


def odd(payload: Odd, ctx: JobContext) -> None:
    """Need more than an end has."""


@contextmanager
def types() -> Iterator[None]:
    """Declare only the types of these tests."""
    before = dict(jobtype.registered)
    jobtype.registered.clear()
    job("test.part")(work)
    job("test.once", unique=Unique(by=("name",), seconds=60))(work)
    job("test.then")(told)
    job("test.alarm")(told)
    job("test.odd")(odd)
    jobtype.registered[DELIVER] = DELIVERING
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


class Dead(BaseException):
    """The process ends here."""


class Refused(Exception):
    """AWS refuses a request, or the reply to one is lost; the process goes on."""


class Store(MemoryJobStore):
    """Keeps every change, as the table's stream does."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.changed: list[list[JobChanged]] = [[] for _ in range(SHARDS)]
        self.number = 0
        self.early: list[str] = []
        """Members that had not ended in a round when the job of its `then` was made."""

    def unfinished(self, number: int) -> set[str]:
        """Return the members that are in a round, or were, and have not ended in it."""
        changes = [one for shard in self.changed for one in shard]
        members = [one for one in changes if one.after and one.after.batch and one.after.round == number]
        ended = {one.after.id for one in members if one.after and one.after.terminal}
        return {one.after.id for one in members if one.after} - ended

    def add(self, job: Job) -> None:
        super().add(job)
        self._told(None, self.get(job.id))

    def apply(self, job_id: str, change: Change) -> Job:
        before = self.get(job_id)
        after = super().apply(job_id, change)
        if after != before:
            self._told(before, after)
        return after

    def _told(self, before: Job | None, after: Job) -> None:
        self.number += 1
        if before is None and after.type in ("test.then", DELIVER):
            payload: Any = after.payload
            number = payload["body"]["data"]["round"] if after.type == DELIVER else payload["round"]
            self.early += [f"{after.type} of round {number}: {job}" for job in self.unfinished(number)]
        shard = zlib.crc32(after.id.encode()) % SHARDS
        self.changed[shard].append(JobChanged(str(self.number), before, after))


class Rows(MemoryBatches):
    """Checks that no number of a round falls."""

    def _keep(self, row: Round) -> Round:
        before = self.find(row.batch, row.number)
        if before is not None:
            assert before.done <= row.done
            assert before.failed <= row.failed
            assert before.cancelled <= row.cancelled
        return super()._keep(row)


class Mortal:
    """A port whose calls may end the process, before or after they take effect."""

    def __init__(self, port: Any, point: Callable[[], None]) -> None:
        self._port, self._point = port, point

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*asked: Any, **more: Any) -> Any:
            self._point()
            answer = found(*asked, **more)
            self._point()
            return answer

        return call


@dataclass
class Bench:
    """A platform with batches.

    `dies_at`: the number of the call's border at which the process ends, or, with `how`, the call fails: odd numbers
    are before a call, even ones after it.
    """

    dies_at: int = -1
    how: type[BaseException] = Dead
    clock: Clock = field(default_factory=Clock)
    points: int = 0
    bulks: int = 0

    def __post_init__(self) -> None:
        self.store, self.rows = Store(self.clock), Rows()
        self.webhooks = MemoryWebhooks()
        for name in WEBHOOKS:
            self.webhooks.add(Webhook(name, "https://hooks.example.com", registration=f"of-{name}", writer=name))
        ports = (self.store, self.rows, MemoryJobQueue(self.clock), self.webhooks)
        mortal: Any = [Mortal(one, self._point) for one in ports]
        service = JobService(mortal[0], mortal[2], clock=self.clock)
        self.moving: set[str] = set()
        self.maker = DeliveryMaker(service, mortal[3])
        self.batches = Batches(mortal[1], service, self.moving.__contains__, self.maker.tell_round)
        self.read = [0] * SHARDS

    def _point(self) -> None:
        self.points += 1
        if self.points == self.dies_at:
            raise self.how

    def make(self, *names: str, total: int | None = None, **asked: Any) -> str:
        """Create a batch with members of these names; close it with `total` members, or not if that is negative."""
        self.batches.create(NewBatch("b-1", **{"then": "test.then", "on_failure": "test.alarm", **asked}))
        self.add(*names)
        total = len(names) if total is None else total
        if total >= 0:
            self.batches.close("b-1", total)
        return "b-1"

    def add(self, *names: str) -> Sequence[Any]:
        """Add members. Raises Refused if one could not be added: its caller repeats the request."""
        asked = [Submission("test.part", {"name": name}, batch="b-1") for name in names]
        answers = self.batches.add("b-1", asked)
        if any(isinstance(answer, NotStored) for answer in answers):
            raise Refused
        return answers

    def member(self, name: str) -> Job:
        """Return a member by its name."""
        return next(
            one for one in map(self.store.get, self.store.made())
            if one.batch is not None and one.payload["name"] == name
        )  # fmt: skip

    def end(self, *names: str, failed: bool = False) -> None:
        """Run members to their end."""
        for name in names:
            one = self.member(name)
            by = Claimant("r")
            claim = transitions.claim(one.gen, now=self.clock.now, lease_until=self.clock.now + 60, by=by)
            held = self.store.apply(one.id, claim)
            change = transitions.complete(held, now=self.clock.now, result=None)
            if failed:
                change = transitions.fail(held, now=self.clock.now, error=("E", "boom"))
            self.store.apply(one.id, change)

    def cancel(self, name: str) -> None:
        """Cancel a member."""
        Operations(self.batches.service.dispatcher).cancel(self.member(name).id)

    def retry(self, name: str, bulk: str | None = None) -> Job:
        """Retry a member as an operator or a bulk action does."""
        rounds = self.batches.moved
        return Operations(self.batches.service.dispatcher, "ada", bulk=bulk, rounds=rounds).retry(self.member(name).id)

    def follow(self, shard: int | None = None, most: int = 100) -> None:
        """Read the stream: all shards, or one of them. What a process read that died is delivered again."""
        for one in range(SHARDS) if shard is None else (shard,):
            while some := self.store.changed[one][self.read[one] : self.read[one] + most]:
                again = self.batches.follow(some, f"shard-{one}")
                # Lambda delivers what failed, and all after it, again
                self.read[one] += next((n for n, told in enumerate(some) if told.sequence in again), len(some))
                if shard is not None:
                    break

    def told(self, kind: str = "test.then") -> list[BatchEnd]:
        """Return what the jobs of a type were told, in the order in which they were made."""
        jobs = self.store.get_many(self.store.made())
        return [BatchEnd.model_validate(one.payload) for one in jobs if one.type == kind]

    def delivered(self) -> Counter[tuple[int, str]]:
        """Return how many deliveries each round has made to each webhook."""
        payloads: list[Any] = [one.payload for one in map(self.store.get, self.store.made()) if one.type == DELIVER]
        return Counter((one["body"]["data"]["round"], one["webhook"]) for one in payloads)

    def round(self, number: int = 1) -> Round:
        """Return a round."""
        found = self.rows.find("b-1", number)
        assert found is not None
        return found
