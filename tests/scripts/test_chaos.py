"""Check that the soak's verdict reports planted errors."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.adapters import aws
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.port import Message
from chalicelib.settings import Settings
from scripts.chaos.site import QUEUES, Events
from scripts.chaos.verdict import Auditor, Table, bulk, ended, evidence, judge, keys, steps
from tests.support import SETTINGS, Clock


def item(**fields: Any) -> dict[str, Any]:
    whole = {"status": "completed", "gen": 1, "attempts": 1, "claims": 1, "max_attempts": 3, "result": '"1.1"'}
    return {**whole, **fields}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "runs.txt"
    path.write_text("a 1.1\n")
    return path


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (Table({"a": item()}), None),
        (Table({}), "lost"),
        (Table({"a": {"status": "cancelled", "gen": 1, "attempts": 0, "max_attempts": 3}}), None),
        (Table({"a": item(status="queued")}), "lost"),
        (Table({"a": item(result='"1.2"')}), "wrong"),
        (Table({"a": item(claims=2, result='"1.2"')}), "wrong"),
        (Table({"a": item(attempts=4, status="dead_letter")}), "wrong"),
        (Table({"a": item()}, waiting=1), "left"),
        (Table({"a": item(attempts=2, status="dead_letter")}), "given up"),
    ],
)
def test_what_is_planted_is_found(runs: Path, found: Table, word: str | None) -> None:
    lines = judge(found, {"a": "ok"}, runs, Events())
    assert [line.partition(":")[0] for line in lines] == ([word] if word else [])


def test_a_token_that_ran_twice_and_a_second_completion_are_found(runs: Path) -> None:
    runs.write_text("a 1.1\na 1.1\n")
    events = Events()
    events.completions["a", 1] = 2
    lines = judge(Table({"a": item()}), {"a": "ok"}, runs, events)
    assert [line.partition(":")[0] for line in lines] == ["doubled", "doubled"]


def test_a_dead_letter_that_never_ran_in_its_run_is_found(runs: Path) -> None:
    lines = judge(Table({"a": item(status="dead_letter", gen=2, attempts=3)}), {"a": "ok"}, runs, Events())
    assert [line.partition(":")[0] for line in lines] == ["unrun"]


def test_two_runs_of_a_key_at_once_are_found(tmp_path: Path) -> None:
    log = tmp_path / "keys.txt"
    assert keys(log) == []
    log.write_text("k 1.0 2.0 a\nother 1.5 1.6 b\nk 2.0 3.0 c\nk 2.9 4.0 d\n")
    assert keys(log) == ["doubled: d began 0.1 s before the end of c, which has its key k"]


KEPT = {("a/1", "one"): ("x", 100.0), ("a/1", "two"): ("y", 120.0)}


@pytest.mark.parametrize(
    ("lines", "result", "posted", "word"),
    [
        (["run a/1 one x 99", "got a/1 one x 100", "got a/1 one x 119", "run a/1 two y 119"], "x y - came", True, None),
        (["run a/1 one z 114", "got a/1 one x 115"], "x y - timed out", False, None),
        (["run a/1 one z 116"], "x y - came", True, "doubled"),
        (["got a/1 one z 101"], "x y - came", True, "doubled"),
        (["got b/1 one z 101"], "x y - came", True, "lost"),
        ([], "x z - came", True, "wrong"),
        ([], "x y - timed out", True, "wrong"),
        ([], "x y - came", False, "wrong"),
    ],
)
def test_steps_that_run_again_and_events_with_two_outcomes_are_found(
    tmp_path: Path, lines: list[str], result: str, posted: bool, word: str | None
) -> None:
    log = tmp_path / "steps.txt"
    log.write_text("\n".join(lines))
    found = Table({"a": item(type="chaos.steps", result=f'"{result}"')}, kept=KEPT)
    told = [line.partition(":")[0] for line in steps(found, log, {"a": posted})]
    assert told == ([word] if word else [])
    assert judge(found, {"a": "ok"}, tmp_path / "none", Events()) == []


def called(result: str, *, gen: int = 1, status: str = "completed") -> dict[str, Any]:
    return item(type="chaos.note", parent="a", result=f'"{result}"', status=status, gen=gen)


@pytest.mark.parametrize(
    ("parts", "jobs", "word"),
    [
        ("1.1,1.2", [called("1.1"), called("1.2")], None),
        ("1.1,1.1", [called("1.1"), called("1.2")], "wrong"),
        ("1.1", [called("1.1", status="failed")], "wrong"),
        ("1.1", [called("1.1"), called("1.1")], "doubled"),
        ("-", [called("1.1")], "doubled"),
    ],
)
def test_calls_with_other_results_and_jobs_that_are_called_twice_are_found(
    tmp_path: Path, parts: str, jobs: list[dict[str, Any]], word: str | None
) -> None:
    caller = item(type="chaos.steps", result=f'"x y {parts} came"')
    found = Table({"a": caller, **{f"{number}": one for number, one in enumerate(jobs)}}, kept=KEPT)
    told = [line.partition(":")[0] for line in steps(found, tmp_path / "none", {})]
    assert told == ([word] if word else [])


@pytest.mark.parametrize(
    ("fields", "kept", "word"),
    [
        ({}, KEPT, "wrong"),
        ({}, {**KEPT, ("a/1", "undo"): ("u", 130.0)}, None),
        ({"line": 2}, KEPT, None),
        ({"discarded_at": 1}, KEPT, None),
    ],
)
def test_a_cancelled_job_that_has_not_undone_its_step_is_found(
    tmp_path: Path, fields: dict[str, Any], kept: Any, word: str | None
) -> None:
    found = Table({"a": item(type="chaos.steps", status="cancelled", **fields)}, kept=kept)
    told = [line.partition(":")[0] for line in steps(found, tmp_path / "none", {}, {"a"})]
    assert told == ([word] if word else [])
    assert list(steps(found, tmp_path / "none", {})) == [], "nobody has asked it to stop"


def test_evidence_is_missed_both_ways() -> None:
    found = Table({"a": item(status="dead_letter"), "b": item(status="dead_letter", error_class="Undeliverable")})
    assert [line.partition(":")[2] for line in evidence(found, set())] == [" ('a', 1) has no message (None, None)"]
    assert evidence(found, {("a", 1)}) == []
    assert len(evidence(found, {("a", 1), ("c", 1)})) == 1


def report(state: str, *, done: int, over: bool = True, skipped: int = 0) -> dict[str, Any]:
    finished = "2026-11-29T12:00:00Z" if over else None
    return {"state": state, "matched": done + skipped, "done": done, "skipped": skipped, "finished_at": finished}


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (report("done", done=1, skipped=1), None),
        (report("running", done=0, over=False), "left"),
        (report("done", done=2), "wrong"),
        (report("done", done=1), "wrong"),
        (report("failed", done=1, skipped=1), "wrong"),
    ],
)
def test_a_bulk_action_that_does_not_end_and_one_that_reports_wrongly_are_found(
    told: dict[str, Any], word: str | None
) -> None:
    found = Table(acts=Counter({("bulk", "job-1"): 1}))
    lines = list(bulk(found, {"bulk": ("retry", 2)}, {"bulk": told}))
    assert [line.partition(":")[0] for line in lines] == ([word] if word else [])


def test_a_bulk_action_that_acts_twice_is_found() -> None:
    found = Table(acts=Counter({("bulk", "job-1"): 2}))
    assert [line.partition(":")[0] for line in bulk(found, {}, {})] == ["doubled"]


def test_a_bulk_action_that_is_open_when_the_faults_stop_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([httpx.ConnectError("no"), report("running", done=0, over=False), report("done", done=2)])

    def get(url: str, **_: Any) -> httpx.Response:
        told = next(seen)
        if isinstance(told, Exception):
            raise told
        return httpx.Response(200, json=told)

    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert ended("http://api", "token", ["bulk"]) == {"bulk": report("done", done=2)}


class DeadLetters:
    """A dead-letter queue on the test's clock; `sweeps` are the messages that a sweeper removes, and when."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.sweeps = clock, dict[str, float]()
        self.sqs: Any = aws.client("sqs", SETTINGS.region)
        self.url = str(self.sqs.create_queue(QueueName="chaos-note-dlq")["QueueUrl"])
        for name in QUEUES:
            fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
            self.sqs.create_queue(QueueName=name, Attributes=fifo)

    def put(self, job_id: str, gen: int = 1) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=write_message(Message(job_id, gen, "chaos.note")))

    def sleep(self, seconds: float) -> None:
        """Advance the clock; meanwhile the sweeper removes the messages that it can receive."""
        self.clock.advance(seconds)
        due = {job_id for job_id, at in self.sweeps.items() if self.clock.now >= at}
        seen = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in seen.get("Messages", []) if due else []:
            if parse_message(message["Body"]).id in due:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def read(self, found: Table) -> set[tuple[str, int]]:
        variables = {"AWS_REGION": SETTINGS.region, "JOBS_TABLE": SETTINGS.jobs_table}
        variables |= {"AWS_ENDPOINT_URL": f"https://sqs.{SETTINGS.region}.amazonaws.com"}
        variables |= {"QUEUE_URL_PREFIX": self.url.removesuffix("chaos-note-dlq")}
        return Auditor(variables, self.clock, self.sleep).dead(found)


@pytest.mark.parametrize("swept", [True, False])
def test_a_stale_message_is_told_only_if_the_sweeper_had_its_time_to_remove_it(
    cloud: Settings, clock: Clock, swept: bool
) -> None:
    """A bulk action may have retried or discarded a dead letter a moment before."""
    queue = DeadLetters(clock)
    jobs = {f"job-{number}": item(status="dead_letter") for number in range(25)}
    for job_id in (*jobs, "discarded", "retried"):
        queue.put(job_id)
    found = Table({**jobs, "discarded": item(status="cancelled"), "retried": item(gen=2)})
    if swept:
        queue.sweeps = {"discarded": clock.now + 60, "retried": clock.now + 180}
    wrong = evidence(found, queue.read(found))
    stale = [f"evidence: the message {(job_id, 1)} has no dead letter" for job_id in ("discarded", "retried")]
    assert sorted(wrong) == ([] if swept else stale)
