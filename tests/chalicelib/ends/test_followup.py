"""Test the function `followup`: every consumer gets every change, and failed changes are delivered again."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.entry import followup
from chalicelib.jobs.changed import JobChanged
from tests.support import Clock, Invocation

Seen = list[list[str]]


def record(number: int) -> dict[str, Any]:
    image = {
        "pk": {"S": f"job-{number}"}, "sk": {"S": "META"}, "type": {"S": "a.b"}, "status": {"S": "queued"},
        "writer": {"S": "w"},
        **{name: {"N": "1"} for name in ("created_at", "updated_at", "gen", "attempts", "max_attempts", "due_at")},
        "sent": {"BOOL": True},
    }  # fmt: skip
    return {"dynamodb": {"SequenceNumber": str(number), "Keys": {"pk": image["pk"], "sk": image["sk"]},
                         "NewImage": image}}  # fmt: skip


def handle(monkeypatch: pytest.MonkeyPatch, clock: Clock, *failing: set[str]) -> tuple[dict[str, Any], Seen]:
    seen: Seen = []

    def consumer(fails: set[str]) -> followup.Consumer:
        def consume(changes: Sequence[JobChanged]) -> set[str]:
            seen.append([change.sequence for change in changes])
            return fails

        return consume

    monkeypatch.setattr(followup, "consumers", lambda _: [consumer(fails) for fails in failing])
    event = {"Records": [record(number) for number in (8, 9, 10)]}
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
