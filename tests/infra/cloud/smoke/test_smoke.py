"""Test the smoke test of a deployment: a job completes through the real API and is counted; failures are reported."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import Changes
from chalicelib.adapters.invocations import asked_for
from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.unique import Unique
from infra.cloud.account import Account
from infra.cloud.smoke import jobs as smoke
from infra.cloud.smoke.calls import Api
from infra.cloud.smoke.functions import asked, event_of, failing
from infra.cloud.smoke.jobs import Jobs
from infra.cloud.smoke.problem import SmokeFailed
from infra.definition.lambdas.functions import functions
from tests.chalicelib.api.support import only_types
from tests.chalicelib.job_types.test_jobtype import Note
from tests.infra.cloud.acting import Stage, stage
from tests.support import Clock, built_in

TYPES = built_in()
REPORT = jobtype.get("report.generate")


@dataclass
class InProcess(Api):
    """The stage's API, called in this process."""

    acting: Stage | None = None

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, str]:
        assert self.acting is not None
        assert headers["Authorization"] == f"Bearer {self.token}"
        status, answer = self.acting.call(method, path, None if body is None else json.loads(body))
        return status, json.dumps(answer)


@dataclass
class Running:
    """A stage whose workers and counters run while the caller waits; `clock` is the clock of both."""

    acting: Stage
    clock: Clock
    works: Callable[[], object] = lambda: None
    counts: bool = True
    counted: int = 0
    waited: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.clock.advance(seconds)
        self.works()
        if self.counts:
            self.counted = self.acting.count(self.counted)

    def jobs(self, **more: Any) -> Jobs:
        api = InProcess("", "jf_x", acting=self.acting, sleep=self.sleep, clock=lambda: self.waited)
        return Jobs(api, sleep=self.sleep, clock=lambda: self.waited, **more)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    # each read is a request; make fewer until it gives up
    monkeypatch.setattr(smoke, "PATIENCE", 20.0)
    monkeypatch.setattr(smoke, "COUNTED", 20.0)
    clock = Clock()
    with stage(monkeypatch, clock, JITTER="none") as acting:
        made = Running(acting, clock)
        made.works = lambda: acting.work(REPORT)
        yield made


@contextmanager
def declared_as(kind: JobType[Any, Any]) -> Iterator[None]:
    """Within the block, this type has that name."""
    before = jobtype.registered[kind.name]
    jobtype.registered[kind.name] = kind
    try:
        yield
    finally:
        jobtype.registered[kind.name] = before


def smoke_jobs(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.acting.call("GET", "/jobs?tag=smoke")[1]["jobs"]
    return found


def test_a_job_of_each_type_that_says_so_runs_to_its_end(running: Running) -> None:
    told = running.jobs().run([REPORT])
    assert told[0].startswith("report.generate completed in ")
    assert told[1] == "counted; no new dead letter"
    assert [(made["type"], made["status"]) for made in smoke_jobs(running)] == [("report.generate", "completed")]


def test_a_type_with_an_urgent_queue_runs_a_job_from_each_of_its_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "PATIENCE", 20.0)
    clock, urged = Clock(), JobType("mail.urged", lambda _payload, _ctx: "done", Note, urgent=True)
    urged = replace(urged, changes=Changes(smoke={"text": "hi"}))
    with only_types(urged), stage(monkeypatch, clock, JITTER="none") as acting:
        running = Running(acting, clock)
        running.works = lambda: acting.work(urged)
        with pytest.raises(SmokeFailed, match=r"the job .* of mail\.urged is queued, not completed"):
            running.jobs().run([urged])
        running.works = lambda: (acting.work(urged), acting.work(urged, urgent=True))
        first, second, _ = running.jobs().run([urged])
        once = jobtype.registered[urged.name] = replace(urged, unique=Unique(seconds=3600))
        _, untried, _ = running.jobs().run([once])
    assert untried.endswith("; its urgent queue was not tried")
    assert first.startswith("mail.urged completed in ")
    assert second.startswith("mail.urged completed from its urgent queue in ")


def test_no_job_is_left_waiting_for_a_worker_that_never_comes(running: Running) -> None:
    running.works = lambda: None
    with pytest.raises(SmokeFailed, match=r"of report\.generate is queued, not completed"):
        running.jobs().run([REPORT])
    assert 20 <= running.waited < 30
    assert [made["status"] for made in smoke_jobs(running)] == ["cancelled"]


def test_a_job_that_fails_is_told_with_its_error_and_settled(running: Running) -> None:
    # a payload that the function refuses, because its period has not begun
    failing = replace(REPORT, changes=Changes(smoke={"from": "2099-01-01T00:00:00Z"}))
    with pytest.raises(SmokeFailed, match=r"is failed, not completed: The period must have begun"):
        running.jobs().run([failing])
    (made,) = smoke_jobs(running)
    assert (made["status"], bool(made["discarded"])) == ("cancelled", True)


def test_counters_that_do_not_follow_are_a_failure_unless_they_were_behind_before(running: Running) -> None:
    running.counts = False
    with pytest.raises(SmokeFailed, match=r"did not count the job of report\.generate"):
        running.jobs().run([REPORT])
    assert running.waited >= 20
    assert running.jobs(lagging=True).run([REPORT])[1].startswith("not counted yet")


def test_a_type_that_is_retired_takes_no_job(running: Running) -> None:
    assert running.jobs().run([replace(REPORT, changes=replace(REPORT.changes, retired=True))]) == []
    assert smoke_jobs(running) == []


def test_a_unique_job_that_ran_before_this_deployment_proves_nothing_and_fails_nothing(running: Running) -> None:
    unique = replace(REPORT, unique=Unique(seconds=3600))
    with declared_as(unique):
        assert running.jobs().run([unique])[0].startswith("report.generate completed in ")
        assert running.jobs().run([unique]) == ["report.generate is unique, and has run with this payload before"]
    assert len(smoke_jobs(running)) == 1


class Silent:
    """Lambda's client, whose first function never answers; see `failing`."""

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        if FunctionName.endswith("email-send"):
            raise ReadTimeoutError(endpoint_url="https://lambda")
        return {"StatusCode": 200}


def test_a_function_that_never_answers_is_told_and_the_others_are_asked() -> None:
    account = cast("Account", SimpleNamespace(client=lambda *_, **__: Silent()))
    assert failing(account, asked(functions(TYPES, "jobflow-prod"))) == [
        "jobflow-prod-email-send does not answer within 60 s (its log group is /aws/lambda/jobflow-prod-email-send)"
    ]


def test_the_watchdog_reads_its_event_as_one_about_no_jobs() -> None:
    (watchdog,) = (function for function in functions(TYPES, "jobflow-prod") if function.short == "watchdog")
    assert asked_for(event_of(watchdog)) == ([], [])


def test_a_payload_that_every_deployment_would_fail_by_is_refused_where_it_is_declared() -> None:
    def note(_: Note, __: Any) -> None:
        """Do nothing."""

    note.__annotations__["_"] = Note
    with pytest.raises(ConfigurationError, match=r"test\.note: changes: the payload of smoke: payload\.text"):
        job("test.note", changes=Changes(smoke={"text": 7}))(note)
