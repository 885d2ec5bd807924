"""Test the function `followup`: every consumer gets every change, and failed changes are delivered again."""

import base64
import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from chalicelib.entry import followup
from chalicelib.erasing.leftovers import Leftovers
from chalicelib.erasing.memory import MemoryExpiredJobs, MemoryRemoval
from chalicelib.erasing.port import ExpiredBatch
from chalicelib.jobs.changed import JobChanged
from chalicelib.settings import Settings
from chalicelib.traces.export import SpanExporter
from chalicelib.webhooks.post import Answer, NotPosted
from tests.contract.expiry import removed_by_table
from tests.support import SETTINGS, Clock, Invocation, written

Seen = list[list[str]]
CONTEXT = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b701")


def record(number: int, **more: Any) -> dict[str, Any]:
    image = {
        "pk": {"S": f"job-{number}"}, "sk": {"S": "META"}, "type": {"S": "a.b"}, "status": {"S": "queued"},
        "writer": {"S": "w"},
        **{name: {"N": "1"} for name in ("created_at", "updated_at", "gen", "attempts", "max_attempts", "due_at")},
        "sent": {"BOOL": True}, **more,
    }  # fmt: skip
    return {"dynamodb": {"SequenceNumber": str(number), "Keys": {"pk": image["pk"], "sk": image["sk"]},
                         "NewImage": image}}  # fmt: skip


def handle(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, *failing: set[str], records: Sequence[Any] | None = None
) -> tuple[dict[str, Any], Seen]:
    seen: Seen = []

    def consumer(fails: set[str]) -> followup.Consumer:
        def consume(changes: Sequence[JobChanged]) -> set[str]:
            seen.append([change.sequence for change in changes])
            return fails

        return consume

    monkeypatch.setattr(followup, "consumers", lambda _: [consumer(fails) for fails in failing])
    event = {"Records": records or [record(number) for number in (8, 9, 10)]}
    return followup.handler(event, Invocation(clock, clock.now + 60)), seen


def test_each_consumer_gets_all_changes_in_order(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    answer, seen = handle(monkeypatch, clock, set(), set())
    assert answer == {"batchItemFailures": [], "state": {}}
    assert seen == [["8", "9", "10"]] * 2


def test_what_failed_first_in_the_stream_comes_again_whichever_consumer_it_was(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    answer, seen = handle(monkeypatch, clock, {"10"}, {"9", "10"})
    assert answer["batchItemFailures"] == [{"itemIdentifier": "9"}]
    assert len(seen) == 2


def test_an_invocation_without_records_does_nothing(clock: Clock) -> None:
    answer = followup.handler({"Records": []}, Invocation(clock, clock.now + 60))
    assert answer["batchItemFailures"] == []


class Keeping(MemoryExpiredJobs):
    """A store of expired jobs, which may refuse."""

    def __init__(self, refuses: bool) -> None:
        super().__init__()
        self.refuses = refuses

    def keep(self, batch: ExpiredBatch, now: float) -> None:
        if self.refuses:
            raise OSError
        super().keep(batch, now)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_job_that_has_expired_is_stored_and_no_consumer_of_ends_sees_it(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, refuses: bool
) -> None:
    rows = Keeping(refuses)
    parts.replace(clock=clock, leftovers=Leftovers(rows, MemoryRemoval(MemoryJobStore(clock)), clock))
    old = record(9)["dynamodb"]["NewImage"]
    old |= {"pk": {"S": str(uuid.uuid4())}, "kept": {"N": "1"}, "expires_at": {"N": "999999"}}
    old |= {"status": {"S": "completed"}, "created_at": {"N": "1"}, "finished_at": {"N": "2"}}
    removed = removed_by_table({name: old[name] for name in ("pk", "sk")}, old)
    removed["dynamodb"]["SequenceNumber"] = "9"
    try:
        answer, seen = handle(monkeypatch, clock, set(), {"10"}, records=[record(8), removed, record(10)])
    finally:
        parts.reset()
    assert seen == [["8", "10"]] * 2
    assert answer["batchItemFailures"] == [{"itemIdentifier": "10"}]
    assert [one.job for batch in rows.each(lambda *_: None) for one in batch.jobs] == (
        [] if refuses else [old["pk"]["S"]]
    )


def test_who_cannot_make_the_store_of_expired_jobs_gives_back_nothing(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def fail(_: object) -> Leftovers:
        raise OSError

    monkeypatch.setattr(type(parts), "leftovers", property(fail))
    old = record(9)["dynamodb"]["NewImage"]
    removed = removed_by_table({name: old[name] for name in ("pk", "sk")}, old)
    with written() as lines:
        answer, seen = handle(monkeypatch, clock, set(), records=[record(8), removed, record(10)])
    assert (answer["batchItemFailures"], seen) == ([], [["8", "10"]])
    assert [line["number"] for line in lines if line["message"] == "erasing.expired_not_stored"] == [1]


def answered(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, records: Sequence[Any] | None = None, **given: Any
) -> list[int]:
    """Return how many spans are given up at a time, of three changes of a stage with these parts.

    Whatever happens to spans, the other consumers run once, and no change comes again.
    """
    parts.replace(clock=clock, **given)
    try:
        with written() as lines:
            answer, seen = handle(monkeypatch, clock, set(), records=records)
    finally:
        parts.reset()
    assert answer["batchItemFailures"] == []
    assert seen == [["8", "9", "10"]]
    return [line["number"] for line in lines if line["message"] == "spans.dropped"]


@pytest.mark.parametrize("url", ["https://collector:abc/", "https://collector:99999/", "http://example.com/", "wrong"])
def test_a_wrong_address_for_spans_gives_back_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock, url: str) -> None:
    settings = Settings.from_env({**os.environ, "OTLP_ENDPOINT": url})
    assert answered(monkeypatch, clock, settings=settings) == [3]


def test_a_collector_that_fails_gives_back_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    def fail(*_: object) -> Answer:
        raise NotPosted

    exporter = SpanExporter(fail, lambda _: (), "s", clock=clock, sleep=clock.advance)
    settings = replace(SETTINGS, otlp_endpoint="https://collector.example.com/")
    now = {"N": str(clock.now)}
    traced = {"trace": {"B": base64.b64encode(CONTEXT).decode()}, "created_at": now, "updated_at": now}
    records = [record(number, **traced) for number in (8, 9, 10)]
    assert answered(monkeypatch, clock, settings=settings, span_exporter=exporter, records=records) == [3]
