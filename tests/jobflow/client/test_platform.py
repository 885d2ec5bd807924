"""Schedules, dead letters, numbers and job types through the client, against the real API."""

from datetime import UTC, datetime

import pytest

from chalicelib.jobs.job import Status
from jobflow import JobFlow, problems
from tests.chalicelib.api.support import T0, World
from tests.jobflow.support import Wire

PAYLOAD = {"to": ["a@example.com"]}


def test_schedules_are_stored_switched_run_and_deleted(client: JobFlow, wire: Wire) -> None:
    ends = datetime(2028, 1, 1, tzinfo=UTC)
    made = client.create_schedule("daily", "test.note", "0 6 * * *", PAYLOAD, ends_at=ends, overlap="skip")
    assert (made.id, made.overlap, made.ends_at, len(made.next_firings)) == ("daily", "skip", ends, 5)
    assert client.pause_schedule("daily").paused
    assert not client.resume_schedule("daily").paused
    wire.lost = 1
    assert client.run_schedule("daily").type == "test.note"
    assert len([job for job in client.iterate() if job.status == "queued"]) == 1
    assert [row.id for row in client.schedules()] == ["daily"]
    assert client.schedule("daily").timezone == "UTC"
    wire.lost = 1
    changed = client.change_schedule("daily", "test.note", "0 7 * * *", PAYLOAD, timezone="Europe/Berlin")
    assert (changed.cron, changed.timezone, changed.ends_at, changed.overlap) == (
        "0 7 * * *", "Europe/Berlin", None, "allow",
    )  # fmt: skip
    seen = client.schedule("daily").version
    wire.lost = 1
    client.change_schedule("daily", "test.note", "0 8 * * *", PAYLOAD, version=seen)
    with pytest.raises(problems.ScheduleConflict, match="changed meanwhile"):
        client.change_schedule("daily", "test.note", "0 9 * * *", PAYLOAD, version=seen)
    client.delete_schedule("daily")
    assert list(client.schedules()) == []


def test_dead_letters_are_redriven(client: JobFlow, world: World) -> None:
    job = client.submit("test.note", PAYLOAD)
    world.put_in(job.id, Status.DEAD_LETTER, finished_at=T0)
    assert client.redrive(everything=True, dry_run=True).matched == 1
    assert client.redrive("test.note").done == 1
    assert client.get(job).status == "queued"


def test_numbers_types_and_the_token(client: JobFlow, wire: Wire) -> None:
    client.submit("test.note", PAYLOAD)
    metrics = client.metrics()
    assert (metrics.total_jobs, metrics.by_type["test.note"].by_status["queued"]) == (1, 1)
    assert {kind.type for kind in client.job_types()} == {"test.note", "test.other"}
    assert client.pause("test.note").paused
    assert [finding.kind for finding in client.findings()] == ["paused"]
    assert not client.resume("test.note").paused
    assert (client.me().role, client.meta().limits.batch_jobs) == ("admin", 25)
    assert client.errors() == []
