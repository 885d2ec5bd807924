"""Test bulk actions, uploads and acknowledgements through the client, with the real API."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.assembly import parts
from chalicelib.jobs.job import Status
from jobflow import JobFlow, errors, models, problems
from jobflow.client import auditing
from tests.chalicelib.api.support import T0, World
from tests.jobflow.support import Connect, Slept, Wire

FORM = {
    "url": "https://files.s3.eu-central-1.amazonaws.com/", "fields": {"key": "uploads/1.png", "policy": "p"},
    "key": "uploads/1.png", "max_bytes": 9, "expires_at": "2027-01-15T08:05:00.000Z",
}  # fmt: skip


def worked_off() -> None:
    """Process open bulk actions, as the platform does."""
    parts.bulk_work.work([one.id for one in parts.bulk_rows.newest(9) if one.open], lambda: 600.0)


def failed(world: World, number: int) -> list[str]:
    """Return failed jobs of one error group."""
    ids = [world.create(tags=["x"]) for _ in range(number)]
    for job in ids:
        world.put_in(job, Status.FAILED, finished_at=T0, error_class="E", error_message="m")
    return ids


def test_the_platform_works_off_a_bulk_action_while_the_client_follows(
    connect: Connect, wire: Wire, world: World
) -> None:
    failed(world, 30)
    client = connect(wire, Slept(worked_off))
    counted = client.start_bulk("retry", dry_run=True, tag="x")
    assert (client.wait_bulk(counted).matched, len(list(client.iterate(status="failed")))) == (30, 30)
    started = client.start_bulk("retry", expected=30, tag="x")
    assert (started.state, started.matched, started.expected) == ("running", 24, 30)
    ended = client.wait_bulk(started, timeout=60)
    assert (ended.state, ended.done, ended.skipped) == ("done", 30, 0)
    assert {one.id for one in client.bulk_actions()} == {started.id, counted.id}


def test_one_that_is_late_is_told_and_one_that_is_stopped_ends(client: JobFlow, world: World) -> None:
    failed(world, 30)
    started = client.start_bulk("discard", tag="x", reason="sent by hand")
    with pytest.raises(errors.BulkNotFinished, match="24 jobs until then") as late:
        client.wait_bulk(started, timeout=0)
    assert (late.value.bulk.id, client.stop_bulk(started).state) == (started.id, "stopped")
    assert client.bulk_action(started.id).state == "stopped"


def test_listed_jobs_are_acted_on_and_the_lost_answer_is_asked_again(client: JobFlow, wire: Wire, world: World) -> None:
    ids = failed(world, 2)
    wire.lost = 1
    ended = client.wait_bulk(client.start_bulk("discard", ids, reason="known"))
    assert (ended.listed, ended.matched, ended.done + ended.skipped) == (2, 2, 2)
    assert {client.get(job).status for job in ids} == {"cancelled"}


def test_errors_are_acknowledged_resolved_and_reopened(client: JobFlow, world: World) -> None:
    fingerprint = "5d41402abc4b"
    world.put_in(world.create(), Status.FAILED, fingerprint=fingerprint)
    assert client.acknowledge(fingerprint).acknowledged_by is not None
    assert client.resolve(fingerprint).fingerprint == fingerprint
    assert client.reopen(fingerprint).acknowledged_by is None
    with pytest.raises(problems.ErrorGroupNotFound):
        client.acknowledge("ffffffffffff")


def test_numbers_over_time_are_read_as_points_of_their_metric(client: JobFlow, wire: Wire, world: World) -> None:
    world.create()
    since = datetime.fromtimestamp(T0 - 600, UTC)
    depth = client.series("depth", "test.note", since, step=300)
    assert (depth.metric, depth.type, depth.step_s) == ("depth", "test.note", 300)
    asked = {"metric": "depth", "type": "test.note", "step": "300", "from": "2027-01-15T07:50:00.000Z"}
    assert dict(wire.asked[-1].url.params) == asked
    assert all(isinstance(point, models.Left) for point in depth.points)
    run = client.series("run", until="2027-01-15T08:00:00Z")
    assert all(isinstance(point, models.Took) for point in run.points)
    assert (len(run.points), dict(wire.asked[-1].url.params)["to"]) == (61, "2027-01-15T08:00:00Z")


@pytest.mark.parametrize("named", [str, Path])
def test_a_file_is_sent_to_s3_without_the_token(
    wire: Wire, client: JobFlow, tmp_path: Path, named: Callable[[Path], str | Path]
) -> None:
    wire.instead = [httpx.Response(200, json=FORM), httpx.Response(204)]
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG")
    assert client.upload(named(picture)) == "uploads/1.png"
    asked, sent = wire.asked
    assert asked.content == b'{"content_type":"image/png","bytes":4}'
    assert (str(sent.url), "authorization" in sent.headers) == (FORM["url"], False)
    body = sent.content.decode("latin-1")
    assert body.index('name="policy"') < body.index('name="file"') < body.index("PNG")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx.Response(403, text="<Error><Code>EntityTooLarge</Code></Error>"), errors.ApiError, "EntityTooLarge"),
        (httpx.ConnectError("refused"), errors.NotReached, "No answer from S3: refused"),
    ],
)
def test_a_file_that_s3_does_not_take_is_told(
    wire: Wire, client: JobFlow, answer: httpx.Response | Exception, error: type[Exception], words: str
) -> None:
    wire.instead = [httpx.Response(200, json=FORM), answer]
    with pytest.raises(error, match=words):
        client.upload(b"x", "image/png")


def test_a_file_without_a_known_type_or_that_is_not_there_is_told(client: JobFlow, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigurationError, match="content type"):
        client.upload(b"x")
    with pytest.raises(errors.ConfigurationError, match="cannot be read: No such file"):
        client.upload(tmp_path / "none.png")


ON_MANY: dict[str, Callable[..., object]] = {
    "start_bulk": lambda client, *given, **named: client.start_bulk("cancel", *given, **named),
    "cancel_many": JobFlow.cancel_many,
    "retry_many": JobFlow.retry_many,
}


@pytest.mark.parametrize("act", ON_MANY.values(), ids=ON_MANY)
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((), {}), ((None,), {}), ((), {"tag": "x", "type": None}), ((), {"everything": False}),
        ((), {"everything": True, "tag": "x"}), ((["some-id"],), {"everything": True}),
    ],
)  # fmt: skip
def test_all_jobs_are_meant_only_where_that_is_said(
    client: JobFlow, world: World, act: Callable[..., object], given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    waits = world.create()
    with pytest.raises(ValueError, match=r"everything=True|is None"):
        act(client, *given, **named)
    assert world.store.get(waits).status is Status.QUEUED


def test_everything_is_all_jobs(client: JobFlow, world: World) -> None:
    waiting = [world.create(), world.create(tags=["x"])]
    assert client.cancel_many(everything=True, dry_run=True).matched == 2
    assert client.start_bulk("cancel", everything=True, expected=2).done == 2
    assert {world.store.get(job).status for job in waiting} == {Status.CANCELLED}


def test_a_redrive_of_all_types_is_said(client: JobFlow) -> None:
    for said in ({}, {"type": None}, {"type": "test.note", "everything": True}):
        with pytest.raises(ValueError, match="everything=True"):
            client.redrive(**said)


def test_more_jobs_than_expected_are_left_alone(client: JobFlow, world: World) -> None:
    ids = failed(world, 2)
    for job in ids:
        world.put_in(job, Status.DEAD_LETTER)
    before = [world.store.get(job) for job in ids]
    for act in (
        lambda: client.retry_many(tag="x", expected=1),
        lambda: client.start_bulk("retry", tag="x", expected=1),
        lambda: client.redrive("test.note", expected=1),
    ):
        with pytest.raises(problems.MoreThanExpected, match="2 jobs or more would be changed, and 1"):
            act()
    assert [world.store.get(job) for job in ids] == before


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
    with pytest.raises(problems.ScheduleConflict, match="its version is"):
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


def test_an_earlier_payload_and_ended_pauses_can_be_read(client: JobFlow, world: World) -> None:
    [job] = failed(world, 1)
    before = client.get(job).payload
    client.retry(job, {"to": ["late@example.com"]})
    assert (client.past_payload(job, 1).payload, client.get(job).payload["to"]) == (before, ["late@example.com"])
    with pytest.raises(problems.PayloadNotFound):
        client.past_payload(job, 2)
    client.pause("test.note", "the provider is down")
    assert client.past_pauses("test.note") == []
    client.resume("test.note")
    assert [pause.reason for pause in client.past_pauses("test.note")] == ["the provider is down"]


def test_changes_are_found_with_their_reasons_over_pages(
    client: JobFlow, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "MOST", 2)
    job = world.create()
    for acted in (client.cancel, client.retry, client.cancel):
        acted(job, reason="ä reason")
        world.clock.advance(1)
    client.pause("test.note", "Maintenance")
    found = list(client.audit(job=job, created_after=datetime.fromtimestamp(T0, UTC)))
    assert [(one.action, one.reason) for one in found] == [
        ("job.cancel", "ä reason"), ("job.retry", "ä reason"), ("job.cancel", "ä reason"),
    ]  # fmt: skip
    assert [one.reason for one in client.audit(action="job-type.pause")] == ["Maintenance"]
    assert len(list(client.audit())) == 4
    world.get("/jobs", token="none")
    assert [one.count for one in client.refusals()] == [1]
