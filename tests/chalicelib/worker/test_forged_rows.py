"""Attack the platform: a job function with `enqueues` writes rows of other types, and nothing may run them."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.ends.maker import EndMaker
from chalicelib.errors import JobConflict
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.retry import no_jitter
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import JSON, Job, Status, to_text
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Filter, KeyLock, Message
from chalicelib.jobs.signing import end_name, end_parameter_of, parameter_of, short_name, type_keys
from chalicelib.jobs.step import Step
from chalicelib.keys.rule import Debounce
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from chalicelib.watchdog.run import Watchdog
from chalicelib.worker.consume import Worker
from tests.chalicelib.worker.one_type import Note
from tests.support import REGION, T0, Clock, Invocation, a_job, requests_to, sqs_record, written

MASTER, OTHER = "m" * 22, "n" * 22
NAME, IMAGES, REPORTS = "test.mail", "test.image", "test.report"
TOLD = "test.told"


def keys(*types: str, masters: str = MASTER) -> str:
    """Return the environment of a worker that has the keys of these types."""
    return ";".join(f"{short_name(name)}={type_keys(masters, parameter_of(name))}" for name in types)


@dataclass
class Stage:
    """A table with the API, a worker of e-mails, and a function of another type, each with its own keys."""

    settings: Settings
    clock: Clock
    ran: list[JSON] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = MemoryJobQueue(self.clock, 360, 7)
        self.kind = JobType(NAME, self._function, Note)
        self.of_platform(MASTER)
        self.of_worker(keys(NAME))
        # the function for images declares enqueues=("test.report",)
        self.images = self.store(signing_keys=keys(IMAGES, REPORTS))

    def _function(self, payload: Note, _: JobContext) -> str:
        self.ran.append(payload.text)
        return "sent"

    def store(self, **signing: Any) -> DynamoJobStore:
        own = {"signing_key": "", "signing_keys": "", "unsigned_until": 0.0, **signing}
        return DynamoJobStore(replace(self.settings, **own), self.clock, lambda: [NAME])

    def of_platform(self, masters: str, **more: Any) -> None:
        """Give these master keys to the API and the watchdog."""
        self.api = self.store(signing_key=masters, **more)
        self.service = JobService(self.api, self.queue, clock=self.clock)
        self.operations = Operations(self.service.dispatcher, "ada")
        self.watchdog = Watchdog(Dispatcher(self.api, self.queue, self.clock), [NAME])

    def of_worker(self, of_types: str, **more: Any) -> None:
        """Give these keys to the worker."""
        store = self.store(signing_keys=of_types, **more)
        self.worker = Worker(
            self.kind, store, self.queue, self.clock, no_jitter, spread=lambda low, _: low, sleep=self.clock.advance
        )

    def put(self, **changed: Any) -> None:
        """Write a row with any content, as `PutItem` does."""
        aws.client("dynamodb", REGION).put_item(TableName=self.settings.jobs_table, Item=changed)

    def row(self, job_id: str) -> dict[str, Any]:
        key = {"pk": {"S": job_id}, "sk": {"S": "META"}}
        return dict(aws.client("dynamodb", REGION).get_item(TableName=self.settings.jobs_table, Key=key)["Item"])

    def poll(self, job_id: str) -> Job:
        """Let the worker process a message of the job; return the job after that."""
        body = write_message(Message(job_id, self.api.get(job_id).gen, NAME))
        record = sqs_record("r", body, 1, self.clock.now)
        self.worker.work({"Records": [record]}, Invocation(self.clock, self.clock.now + 60))
        return self.api.get(job_id)

    def asked(self, text: str = "hello", **more: Any) -> Job:
        """Return a job that an operator created."""
        return self.service.submit(Submission(NAME, {"text": text}, principal="ada", **more)).job


@pytest.fixture
def stage(cloud: Settings, clock: Clock, registered: None) -> Stage:
    return Stage(cloud, clock)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NAME, IMAGES, REPORTS):
        monkeypatch.setitem(jobtype.registered, name, JobType(name, lambda _payload, _ctx: None, Note))


def forged(**fields: Any) -> Job:
    return a_job(**{"type": NAME, "payload": {"text": "forged"}, "principal": "ada", "due_at": T0, **fields})


def signed_body(job: Job) -> str:
    return hashlib.sha256(to_text(job.payload).encode()).hexdigest()


def refused(job: Job) -> bool:
    return (job.status, job.error_class, job.attempts) == (Status.RETRYING, "RowNotSigned", 0)


def test_a_job_of_the_platform_runs(stage: Stage) -> None:
    for text in ("hello", "x" * 2_000):
        with requests_to("dynamodb") as before:
            job = stage.asked(text)
        assert before[-1] == "PutItem"
        assert stage.poll(job.id).status is Status.COMPLETED
    assert stage.ran == ["hello", "x" * 2_000]


def test_a_row_of_a_type_that_the_function_may_not_make_is_refused_at_the_claim(stage: Stage) -> None:
    job = forged()
    stage.images.add(job)
    with written() as lines:
        after = stage.poll(job.id)
    assert refused(after)
    assert after.error_message == "The job's row was not signed by this platform."
    assert stage.ran == []
    (told,) = [line for line in lines if line["message"] == "job.stalled"]
    assert (told["level"], told["why"]) == ("ERROR", "RowNotSigned")
    assert "forged" not in str(lines)


def test_the_watchdog_sends_no_message_of_it_and_gives_it_up_after_a_day(stage: Stage) -> None:
    job = forged(status=Status.SCHEDULED, run_at=T0 + 60, due_at=T0)
    stage.images.add(job)
    while not stage.api.get(job.id).terminal:
        assert stage.clock.now < T0 + 2 * DAY
        stage.watchdog.run(lambda: 50.0)
        stage.clock.advance(600)
    assert stage.queue.messages.get(NAME, []) == []
    ended = stage.api.get(job.id)
    assert (ended.status, ended.error_class, stage.ran) == (Status.DEAD_LETTER, "RowNotSigned", [])
    assert stage.clock.now > T0 + DAY


@pytest.mark.parametrize(
    "changed",
    [
        {"payload": {"S": '{"text":"forged"}'}},
        {"principal": {"S": "eve"}},
        {"gen": {"N": "2"}},
        {"type": {"S": IMAGES}},
    ],
    ids=str,
)
def test_a_signed_row_that_was_written_over_is_refused(stage: Stage, changed: dict[str, Any]) -> None:
    job = stage.asked()
    stage.put(**{**stage.row(job.id), **changed})
    assert refused(stage.poll(job.id))
    assert stage.ran == []


def test_a_short_payload_is_not_replaced_by_a_reference_that_is_its_signed_hash(stage: Stage) -> None:
    job = stage.asked()
    row = stage.row(job.id)
    hashed = hashlib.sha256(row.pop("payload")["S"].encode()).hexdigest()
    stage.put(**row, payload_ref={"S": hashed})
    stage.put(pk=row["pk"], sk={"S": hashed}, body={"S": '{"text":"forged"}'}, expires_at={"N": str(T0 + DAY)})
    after = stage.poll(job.id)
    assert (after.status, after.error_class, stage.ran) == (Status.RETRYING, "PayloadUnreadable", [])


def test_the_signature_of_another_job_does_not_help(stage: Stage) -> None:
    job = stage.asked()
    other = forged()
    stage.images.add(other)
    stage.put(**{**stage.row(other.id), "s": stage.row(job.id)["s"]})
    assert refused(stage.poll(other.id))


def test_a_retry_of_a_forged_job_is_refused_and_does_not_sign_it(stage: Stage) -> None:
    job = forged(status=Status.FAILED)
    stage.images.add(job)
    for payload in (None, {"text": "edited"}):
        with pytest.raises(JobConflict, match="not signed by this platform"):
            stage.operations.retry(job.id, payload)
    assert "s" not in stage.row(job.id)


def test_a_forged_job_under_a_debounce_key_is_not_replaced(stage: Stage) -> None:
    wanted = Debounce("k", 60)
    first = stage.asked(debounce=wanted)
    stage.put(**{**stage.row(first.id), "principal": {"S": "eve"}})
    again = stage.asked("again", debounce=wanted)
    assert again.id != first.id
    stage.clock.advance(60)
    assert stage.poll(again.id).status is Status.COMPLETED
    assert stage.ran == ["again"]


def test_an_id_that_holds_the_rest_of_what_is_signed_gets_no_signature(stage: Stage) -> None:
    """The row of a debounce key names the id of the next job.

    Here the id contains the text that is signed for another row.
    """
    hashed = hashlib.sha256(b'{"text":"forged"}').hexdigest()
    named = "\0".join(("x", NAME, "1", hashed, "ada"))
    wanted = Debounce("k", 60)
    stage.images.acquire(wanted.row("ada", NAME), None, KeyLock(named, T0 + 60))
    asked = stage.asked(debounce=wanted)
    assert (asked.id, stage.row(named).get("s")) == (named, None)
    job = forged(id="x", principal="\0".join(("ada", NAME, "1", signed_body(asked), "ada")))
    stage.images.add(job)
    stage.put(**stage.row("x"), s=stage.row(named).get("s", {"B": b""}))
    stage.clock.advance(60)
    assert refused(stage.poll("x"))
    assert refused(stage.poll(named))
    assert stage.ran == []


@pytest.mark.parametrize("text", ["hello", "x" * 2_000])
@pytest.mark.parametrize("payload", [None, {"text": "edited"}])
@pytest.mark.parametrize("in_bulk", [True, False])
def test_a_retry_signs_the_new_run(stage: Stage, text: str, payload: JSON, in_bulk: bool) -> None:
    job = stage.asked(text)
    stage.operations.cancel(job.id)
    again = replace(stage.operations, in_bulk=in_bulk).retry(job.id, payload)
    assert again.gen == 2
    assert stage.poll(job.id).status is Status.COMPLETED
    assert stage.ran == [text if payload is None else "edited"]


@pytest.mark.parametrize("key", ["step:charge", "stop:ended-1"])
def test_a_cancelled_job_with_a_step_that_another_program_has_written_is_not_retried(stage: Stage, key: str) -> None:
    job = forged(status=Status.CANCELLED, kept=1)
    stage.api.add(job)
    stage.images.keep_step(job, Step(key, T0, number=1))
    with pytest.raises(JobConflict, match="not signed by this platform"):
        stage.operations.retry(job.id)
    assert stage.api.get(job.id).status is Status.CANCELLED


def test_a_replaced_job_is_signed_anew(stage: Stage) -> None:
    wanted = Debounce("k", 60)
    first = stage.asked(debounce=wanted)
    second = stage.asked("second" * 300, debounce=wanted)
    assert second.id == first.id
    stage.clock.advance(60)
    assert stage.poll(first.id).status is Status.COMPLETED
    assert stage.ran == ["second" * 300]


def test_a_unique_job_is_signed_under_the_id_that_it_gets(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobtype.registered, NAME, replace(stage.kind, unique=Unique(by=("text",), seconds=60)))
    assert stage.poll(stage.asked().id).status is Status.COMPLETED


@pytest.mark.parametrize("signing", [{}, {"unsigned_until": T0 - 1}], ids=str)
def test_a_row_that_says_it_is_from_before_1970_is_refused(stage: Stage, signing: dict[str, float]) -> None:
    stage.of_worker(keys(NAME), **signing)
    job = forged(created_at=-1.0)
    stage.images.add(job)
    assert refused(stage.poll(job.id))
    assert stage.ran == []


def test_a_row_from_before_the_first_deployment_that_signs_runs_and_its_retry_is_signed(stage: Stage) -> None:
    job, failed = forged(), forged(status=Status.FAILED)
    for old in (job, failed):
        stage.store().add(old)
    assert "s" not in stage.row(job.id)
    stage.of_platform(MASTER, unsigned_until=T0 + 1)
    stage.of_worker(keys(NAME), unsigned_until=T0 + 1)
    assert stage.poll(job.id).status is Status.COMPLETED
    stage.operations.retry(failed.id)
    stage.of_worker(keys(NAME))
    assert stage.poll(failed.id).status is Status.COMPLETED


def test_while_the_master_key_changes_jobs_of_both_keys_run(stage: Stage) -> None:
    both = f"{OTHER},{MASTER}"
    before = stage.asked("before")
    stage.of_platform(both)
    during = stage.asked("during")
    assert refused(stage.poll(during.id)), "the worker is not replaced yet"
    stage.of_worker(keys(NAME, masters=both))
    stage.clock.advance(60)
    for job in (before, during):
        assert stage.poll(job.id).status is Status.COMPLETED
    stage.of_worker(keys(NAME, masters=OTHER))
    assert stage.poll(stage.asked("after").id).status is Status.COMPLETED
    assert stage.ran == ["before", "during", "after"]


def test_a_worker_with_a_wrong_key_runs_nothing(stage: Stage) -> None:
    stage.of_worker(keys(NAME, masters=OTHER))
    assert refused(stage.poll(stage.asked().id))
    assert stage.ran == []


@dataclass
class Ends:
    """The function on the table's stream that tells ends, with the keys of the type that is told."""

    stage: Stage
    maker: EndMaker

    def told(self, job: Job) -> list[JSON]:
        """End the job; return the payloads of the jobs that tell this."""
        image = aws.client("dynamodb", REGION).get_item(
            TableName=self.stage.settings.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "META"}}
        )["Item"]
        after = {**image, "status": {"S": "completed"}, "finished_at": {"N": str(T0 + 9)}}
        record = {"dynamodb": {"SequenceNumber": "1", "OldImage": image, "NewImage": after}}
        assert self.maker.follow(list(changes([record], lambda *wrong: pytest.fail(str(wrong))))) == set()
        return [one.payload for one in self.stage.api.page(Filter(parent=job.id), limit=10).jobs]


@pytest.fixture
def ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Ends:
    monkeypatch.setitem(jobtype.registered, TOLD, JobType(TOLD, lambda _payload, _ctx: None, JobEnd))
    store = stage.store(signing_keys=keys(TOLD))
    return Ends(stage, EndMaker(JobService(store, stage.queue, clock=stage.clock)))


def only_of_ends(masters: str = MASTER) -> str:
    """Return the key for `on_end` of a worker that makes jobs of a type with this `on_end`."""
    return f"{end_name(TOLD)}={type_keys(masters, end_parameter_of(TOLD))}"


def test_the_end_of_a_row_is_not_told_to_a_type_that_its_writer_may_not_make(stage: Stage, ends: Ends) -> None:
    job = forged(type=IMAGES, on_end=TOLD)
    stage.images.add(job)
    with written() as lines:
        assert ends.told(job) == []
    (refusal,) = [line for line in lines if line["message"] == "end.refused"]
    assert (refusal["job_id"], refusal["error_class"]) == (job.id, "RowNotSigned")


def test_an_on_end_that_another_program_has_written_is_not_told(stage: Stage, ends: Ends) -> None:
    job = stage.asked()
    stage.put(**stage.row(job.id), on_end={"S": TOLD})
    assert ends.told(job) == []


@pytest.mark.parametrize("changed", [{"type": {"S": IMAGES}}, {"principal": {"S": "eve"}}], ids=str)
def test_a_signed_on_end_is_told_of_its_own_job_only(stage: Stage, ends: Ends, changed: dict[str, Any]) -> None:
    job = stage.asked(on_end=TOLD)
    row = stage.row(job.id)
    other = forged(id="another")
    stage.images.add(other)
    stage.put(**{**stage.row(other.id), "on_end": row["on_end"], "end_mark": row["end_mark"]})
    assert ends.told(other) == []
    stage.put(**{**row, **changed})
    assert ends.told(job) == []
    stage.put(**row)
    assert len(ends.told(job)) == 1


def test_a_retry_does_not_sign_an_on_end_that_another_program_has_written(stage: Stage, ends: Ends) -> None:
    job = stage.asked()
    stage.operations.cancel(job.id)
    stage.put(**stage.row(job.id), on_end={"S": TOLD})
    stage.operations.retry(job.id)
    assert ends.told(job) == []


def test_a_worker_that_makes_jobs_with_this_on_end_signs_it_and_cannot_make_jobs_of_the_type_that_is_told(
    stage: Stage, ends: Ends
) -> None:
    making = stage.store(signing_keys=f"{keys(IMAGES, REPORTS)};{only_of_ends()}")
    job = a_job(type=REPORTS, on_end=TOLD)
    making.add(job)
    assert len(ends.told(job)) == 1
    copy = a_job(type=TOLD)
    making.add(copy)
    assert not stage.api.signed(stage.api.get(copy.id))


def test_a_replaced_job_is_told_to_the_type_of_the_last_request(stage: Stage, ends: Ends) -> None:
    wanted = Debounce("k", 60)
    first = stage.asked(debounce=wanted)
    assert "end_mark" not in stage.row(first.id)
    stage.asked("second", debounce=wanted, on_end=TOLD)
    assert len(ends.told(first)) == 1
    stage.asked("third", debounce=wanted)
    assert "end_mark" not in stage.row(first.id)


def test_while_the_master_key_changes_ends_of_both_keys_are_told(stage: Stage, ends: Ends) -> None:
    before = stage.asked(on_end=TOLD)
    both = f"{OTHER},{MASTER}"
    stage.of_platform(both)
    during = stage.asked(on_end=TOLD)
    ends.maker = EndMaker(
        JobService(stage.store(signing_keys=keys(TOLD, masters=both)), stage.queue, clock=stage.clock)
    )
    assert [len(ends.told(job)) for job in (before, during)] == [1, 1]


@pytest.mark.parametrize("signing", [{"signing_keys": ""}, {"signing_keys": keys(TOLD), "unsigned_until": T0 + 1}])
def test_an_end_is_told_where_rows_are_not_signed(stage: Stage, ends: Ends, signing: dict[str, Any]) -> None:
    job = a_job(type=NAME, on_end=TOLD)
    stage.store().add(job)
    ends.maker = EndMaker(JobService(stage.store(**signing), stage.queue, clock=stage.clock))
    assert len(ends.told(job)) == 1
