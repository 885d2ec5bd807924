"""Test the system with a model: Hypothesis acts as client, operator, SQS and faults, and compares after every step."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from chalicelib.bulk.background import NewBulkAction
from chalicelib.errors import JobConflict
from chalicelib.jobs.job import DISCARDABLE, RETRYABLE, TERMINAL, WAITING, Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.limits.turns import has_turn
from tests.proof.games.steering import MODES, Steering
from tests.proof.grounds.ground import Stand
from tests.proof.promises import DIES, DUPLICATE, LOST, REFUSED, REPLY_LOST, STALLS, plays

OUTCOMES = (
    "ok", "later", "much later", "err", "perm", "oom", "stall", "progress", "ask then obey", "ask then err",
    "nested then ok", "long", "make", "make then err", "make many",
    "make quiet", "make quiet then err", "nap", "long nap", "call", "keep then err", "keep then wait", "keep then oom",
)  # fmt: skip
TO_HURRY = WAITING - {Status.SUSPENDED, Status.BLOCKED}
ALL_NAMES = ("a", "b", "c")
NAMES = st.sampled_from(ALL_NAMES)
DELAYS = st.sampled_from([0, 0, 0, 5, 700, 3000])
ATTEMPTS = st.integers(1, 3)

plays(
    "G",
    range(1, 13),
    (
        DIES, REFUSED, REPLY_LOST, DUPLICATE, LOST, STALLS, "DynamoDB is out of order", "SQS is out of order",
        "invocations are throttled", "a part of a batch", "a clock is wrong", "the index lags", "the counters lag",
        "the counters are out of order", "the watchdog has little time", "the type is paused",
    ),
)  # fmt: skip


class DeliveryMachine(Steering):
    """All possible actions, and all possible faults."""

    @initialize(
        seed=st.integers(0, 10_000), batch=st.integers(1, 4), delay=DELAYS, attempts=ATTEMPTS, fair=st.booleans(),
        mode=st.sampled_from(MODES),
    )  # fmt: skip
    def begin(self, seed: int, batch: int, delay: int, attempts: int, fair: bool, mode: str) -> None:
        """Create a simulated platform with its own randomness, perhaps a tenant for each name, and a first job."""
        self.world.rng.seed(seed)
        self.world.batch = batch
        self.world.threads = batch if seed % 2 else 1
        self.steer(mode)
        if fair and mode not in ("rate", "keys"):
            self.world.share()
        self.create("a", delay, attempts)

    # ---- client and operator

    @rule(name=NAMES, delay=DELAYS, attempts=ATTEMPTS)
    def create(self, name: str, delay: int, attempts: int) -> None:
        """POST /jobs, with the name as Idempotency-Key: the same name again is a replay."""
        fields = self._body(name, max_attempts=attempts, delay_seconds=delay or None)
        before, replayed = len(self.ground.jobs()), name in self.world.accepted
        self.step(lambda: self.world.submit(name, **fields))
        assert not replayed or len(self.ground.jobs()) == before, "a replay made another job"

    @rule(delay=DELAYS)
    def create_without_a_key(self, delay: int) -> None:
        """POST /jobs by a client that gives up at the first 502: there may be a job, which must end, or none."""
        name = f"unkeyed {len(self.ground.jobs())}"
        self.step(lambda: self.world.submit(name, keyed=False, delay_seconds=delay or None))

    @rule(delay=DELAYS, unsent=st.integers(0, 3))
    def create_a_batch(self, delay: int, unsent: int) -> None:
        """POST /jobs/batch with every name; SQS may refuse some of its messages."""
        for name in ALL_NAMES:
            self._body(name, max_attempts=2, delay_seconds=delay or None)
        self.ground.faults.unsent = unsent
        self.step(lambda: self.world.submit_batch({name: self.bodies[name] for name in ALL_NAMES}))

    def _body(self, name: str, **fields: int | None) -> dict[str, Any]:
        return self.bodies.setdefault(name, {**fields, "ballast": self.key_of(name)})

    @precondition(lambda self: self.world.accepted)
    @rule(name=NAMES)
    def retry(self, name: str) -> None:
        """POST /jobs/{id}/retry: possible if and only if the model allows it."""
        self._operate(name, self.world.operations.retry, lambda status: status in RETRYABLE)

    @precondition(lambda self: self._in(RETRYABLE))
    @rule()
    def retry_what_ended_badly(self) -> None:
        """Retry failed jobs, as an operator with a list does."""
        for name in self._in(RETRYABLE):
            self.retry(name)

    def _in(self, states: frozenset[Status]) -> list[str]:
        """Return the names of the jobs that are in one of the states."""
        return [name for name, job_id in self.world.accepted.items() if self.models[job_id].status in states]

    @precondition(lambda self: self.world.accepted)
    @rule(name=NAMES)
    def cancel(self, name: str) -> None:
        """POST /jobs/{id}/cancel: possible until the job is finished."""
        done = self._operate(name, self._cancel, lambda status: status not in TERMINAL)
        job_id = self.world.accepted.get(name)
        asked = any(job.id == job_id and job.cancel_requested for job in self.ground.jobs())
        if done and self.models[str(job_id)].status in WAITING and not asked:
            raise AssertionError(f"{name} was cancelled and still waits")

    def _cancel(self, job_id: str) -> None:
        after = self.world.operations.cancel(job_id)
        if after.status is Status.CANCELLED:
            self.world.stopped.add((job_id, after.gen))

    @precondition(lambda self: self.world.accepted)
    @rule(name=NAMES)
    def run_now(self, name: str) -> None:
        """POST /jobs/{id}/run-now: possible while the job waits and has no place to keep; then it needs a worker."""
        queues = {job.id for job in self.ground.jobs() if has_turn(job) or self._keeps_its_place(job)}
        possible = self.world.accepted.get(name) not in queues
        if self._operate(name, self.world.hurry, lambda status: possible and status in TO_HURRY):
            assert self.models[self.world.accepted[name]].status is Status.QUEUED

    def _keeps_its_place(self, job: Job) -> bool:
        """Return whether the job's message is hidden in a FIFO queue."""
        return self.keys and job.sent and (job.next_attempt_at or 0.0) > self.world.clock_of("api")()

    @precondition(lambda self: self._in(frozenset({Status.SUSPENDED})))
    @rule(name=NAMES)
    def post_an_event(self, name: str) -> None:
        """POST /jobs/{id}/events/{name}."""
        if name in self.world.accepted:
            self.step(lambda: self.world.post_event(name))

    @precondition(lambda self: self._in(DISCARDABLE))
    @rule(name=NAMES)
    def discard(self, name: str) -> None:
        """POST /jobs/{id}/discard: possible if and only if the model allows it; then nothing runs the job."""
        self._operate(name, self._discard, lambda status: status in DISCARDABLE)

    def _discard(self, job_id: str) -> None:
        if self.world.service.get(job_id).job.discarded_at is not None:
            raise JobConflict("is discarded already")
        after = self.world.operations.discard(job_id)
        self.world.stopped.add((job_id, after.gen))

    def _operate(self, name: str, call: Callable[[str], object], possible: Callable[[Status], bool]) -> bool:
        """Make a call without faults, and compare its answer with the model's."""
        job_id = self.world.accepted.get(name)
        if job_id is None:
            return False
        expected = possible(self.models[job_id].status)
        try:
            with self.ground.faults.asleep():
                call(job_id)
        except JobConflict:
            assert not expected, f"{name} was refused in {self.models[job_id]}"
            return False
        finally:
            self.follow()
        assert expected, f"{name} was allowed in {self.models[job_id]}"
        return True

    @precondition(lambda self: self.ground.dead())
    @rule()
    def bulk_redrive(self) -> None:
        """POST /dead-letters/redrive until no job matches."""
        with self.ground.faults.asleep():
            self.world.redrive_all()
        self.follow()
        assert not any(model.status is Status.DEAD_LETTER for model in self.models.values())

    @rule(action=st.sampled_from(["retry", "retry", "discard", "cancel"]))
    def act_in_bulk(self, action: str) -> None:
        """POST /bulk for all jobs that allow the action; the platform continues it when the watchdog has run."""
        asked = NewBulkAction(action, "ada", "ada", Filter())
        self.step(lambda: self.world.in_bulk.start(asked))

    @precondition(lambda self: self.ground.dead())
    @rule()
    def console_redrive(self) -> None:
        """Move every dead letter back, as an operator does in the console: this alone may change no record."""
        before = self.ground.jobs()
        self.world.console_redrive()
        assert self.ground.jobs() == before

    # ---- SQS and workers

    @rule(name=NAMES, outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4))
    def will(self, name: str, outcomes: list[str]) -> None:
        """Set what the next attempts of a job do."""
        self.world.script[name] = list(outcomes)
        self.world.nested = self.world.poll

    @rule(times=st.integers(1, 3))
    def deliver(self, times: int) -> None:
        """Deliver batches and process them."""
        for _ in range(times):
            self.step(self.world.poll)

    @rule(turns=st.integers(3, 30), seconds=st.sampled_from([1, 7, 30, 70]))
    def live(self, turns: int, seconds: float) -> None:
        """Let the system run for some time."""
        for _ in range(turns):
            self.step(self.world.poll)
            self.step(self.world.watch)
            self.clock.advance(seconds)

    @precondition(lambda self: self.ground.waiting())
    @rule()
    def take(self) -> None:
        """Receive a batch, whose worker begins later."""
        self.flying += self.ground.receive(2)

    @precondition(lambda self: self.flying)
    @rule(again=st.booleans())
    def work_off_what_was_taken(self, again: bool) -> None:
        """Let the slow worker begin; or a second worker, with the same messages."""
        batch = list(self.flying)
        if not again:
            self.flying.clear()
        self.step(lambda: self.world.deliver(batch))

    @precondition(lambda self: not self.world.duplicate_next)
    @rule()
    def duplicate(self) -> None:
        """Let SQS deliver the next message twice."""
        self.world.duplicate_next = True

    @precondition(lambda self: self.ground.waiting() > 1)
    @rule()
    def lose_messages(self) -> None:
        """Remove every message from the queue; the watchdog must notice this."""
        self.world.lose_messages()


def machine_on(stand: Stand) -> type[DeliveryMachine]:
    """Return a separate machine with the adapters of `stand`, which counts its own steps."""
    return type(
        "DeliveryMachine",
        (DeliveryMachine,),
        {"stand": staticmethod(stand), "steps": 0, "machines": 0, "struck": Counter()},
    )
