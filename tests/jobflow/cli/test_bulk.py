"""Test commands for many jobs: the platform processes them while the command line shows the progress."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from chalicelib.assembly import parts
from chalicelib.bulk.port import BulkAction, BulkState
from chalicelib.jobs.job import Status
from jobflow.cli import many
from jobflow.cli.printer import Printer
from tests.chalicelib.api.support import T0, World
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.client.test_operations import FORM, worked_off
from tests.jobflow.support import Wire

MANY = 30
"""More jobs than the platform changes before it answers the request."""


@pytest.fixture
def failed(world: World) -> None:
    """Failed jobs."""
    for _ in range(MANY):
        world.put_in(world.create(), Status.FAILED, finished_at=T0, error_class="E", error_message="m")


def test_many_are_followed_until_the_platform_is_done(
    shell: Shell, failed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, int | None]] = []
    bar = Printer.progress

    def progress(self: Printer, text: str, total: int | None) -> object:
        shown.append((0, total))
        return bar(self, text, total)

    monkeypatch.setattr("time.sleep", lambda _: worked_off())
    monkeypatch.setattr(Printer, "progress", progress)
    said = shell("jobs retry --status failed --yes --table")
    assert (said.code, said.out) == (0, f"{MANY} of {MANY} jobs retried.\n")
    assert shown == [(0, None), (0, MANY)]
    [counted, done] = sorted(shell("bulk list").lines, key=lambda row: not row["dry_run"])
    assert (counted["done"], done["done"], done["expected"], done["state"]) == (0, MANY, MANY, "done")


def test_jobs_that_come_after_the_question_are_asked_for_anew_unless_yes_was_said(
    shell: Shell, failed: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        worked_off()
        if len(parts.bulk_rows.newest(9)) == 1:
            for _ in range(MANY):
                world.put_in(world.create(), Status.FAILED, finished_at=T0, error_class="E", error_message="m")

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("jobflow.cli.many.is_interactive", lambda: True)
    said = shell("jobs retry --status failed", "y\n")
    assert said.code == 1
    assert "or more would be changed, and 30 were expected" in said.err
    assert {job.status for job in world.store._jobs.values()} == {Status.FAILED}
    assert shell("jobs retry --status failed --yes").code == 0


def test_ctrl_c_leaves_it_running_and_says_how_to_go_on(
    shell: Shell, failed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        if len(parts.bulk_rows.newest(9)) == 2:
            raise KeyboardInterrupt
        worked_off()

    monkeypatch.setattr("time.sleep", sleep)
    said = shell("jobs retry --status failed --yes")
    [running] = [row for row in shell("bulk list").lines if row["state"] == "running"]
    assert (said.code, f"jobflow bulk stop {running['id']}" in said.err) == (130, True)
    assert shell(f"bulk stop {running['id']}").lines[0]["state"] == "stopped"
    assert "24" in shell(f"bulk show {running['id']} --table").out


def stopped(one: BulkAction) -> None:
    """Stop the bulk action, as another operator does."""
    parts.bulk_work.stop(one.id, "another")


def broken(one: BulkAction) -> None:
    """Let the platform process slices while DynamoDB does not answer."""
    ended = replace(one, state=BulkState.FAILED, problem="ClientError", finished_at=T0, version=one.version + 1)
    parts.bulk_rows.save(ended)


@pytest.mark.parametrize(("end", "why"), [(stopped, "stopped"), (broken, "failed: ClientError")])
def test_a_count_that_was_not_done_is_told_and_nothing_is_asked_or_changed(
    shell: Shell, failed: None, monkeypatch: pytest.MonkeyPatch, end: Callable[[BulkAction], None], why: str
) -> None:
    def sleep(_: float) -> None:
        for one in parts.bulk_rows.newest(9):
            if one.open:
                end(one)

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr(many, "is_interactive", lambda: True)
    for typed in ("", "--yes", "--dry-run", "--yes --no-wait"):
        said = shell(f"jobs retry --status failed --table {typed}", "y\n")
        assert (said.code, said.out) == (1, "")
        assert said.err == f"jobflow: Only 24 jobs were counted ({why}). No job was changed; repeat the command.\n"
    as_json = shell("jobs retry --status failed --yes")
    assert (as_json.code, as_json.lines[0]["state"]) == (1, why.partition(":")[0])
    assert len(shell("jobs list --status failed --all").lines) == MANY


def test_it_can_be_left_to_the_platform_and_followed_later(
    shell: Shell, failed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: worked_off())
    started = shell("jobs retry --status failed --yes --no-wait").lines[0]
    assert started["state"] == "running"
    assert shell(f"bulk show {started['id']} --follow").lines[0]["done"] == MANY


def test_reasons_of_skipped_jobs_are_told(shell: Shell, world: World) -> None:
    good, queued = world.create(), world.create()
    world.put_in(good, Status.FAILED, finished_at=T0)
    said = shell(f"jobs retry {good} {queued} --table")
    assert said.code == 0
    assert said.out.splitlines()[0] == "1 of 2 jobs retried."
    assert "  1 skipped: " in said.out


@pytest.mark.parametrize("typed", ["jobs retry --status failed --yes", "dead-letters redrive --yes"])
def test_an_order_that_meets_no_job_is_not_reported_as_a_dry_run(
    shell: Shell, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: worked_off())
    answer = shell(typed).lines[0]
    assert (answer["dry_run"], answer["done"], answer["matched"]) == (False, 0, 0)
    assert shell(f"{typed} --table").out == "0 of 0 jobs retried.\n"
    assert shell(f"{typed} --dry-run").lines[0]["dry_run"] is True


def test_there_is_nothing_to_list_or_show(shell: Shell) -> None:
    assert shell("bulk list --table").out == "No bulk actions.\n"
    assert shell("bulk show 0123456789abcdef0123").code == 4


def test_a_file_is_uploaded_and_its_key_printed(shell: Shell, wire: Wire, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"x")
    wire.instead = [httpx.Response(200, json=FORM), httpx.Response(204)]
    assert shell(f"upload {picture}").lines == [{"key": "uploads/1.png"}]
    wire.instead = [httpx.Response(200, json=FORM), httpx.Response(403, text="EntityTooLarge")]
    refused = shell(f"upload {picture}")
    assert (refused.code, "S3 refused the file: EntityTooLarge" in refused.err) == (1, True)
    assert shell(f"upload {tmp_path / 'letter'}").code == 2
