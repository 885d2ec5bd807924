"""Test the exit codes that `jobflow --help` and docs/cli.md promise, in a shell."""

import httpx
import pytest

from chalicelib.jobs.job import Status
from jobflow.cli import many
from tests.chalicelib.api.support import T0, World
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import Wire

JOB = "00000000-0000-4000-8000-000000000000"
UNKNOWN = [
    f"jobs show {JOB}", f"jobs cancel {JOB}", f"jobs retry {JOB}", f"jobs discard {JOB}", f"jobs run-now {JOB}",
    f"jobs tail {JOB}", f"jobs duplicate {JOB}", f"logs {JOB}", "jobs create test.none {}", "types show test.none",
    "types pause test.none", "types resume test.none", "types tenants test.none", "schedules show none",
    "schedules pause none", "schedules run none", "schedules delete none", "bulk show 0123456789abcdef0123",
    "bulk stop 0123456789abcdef0123", "jobs list --type test.none", "errors --type test.none",
    "jobs retry --type test.none --dry-run", "dead-letters redrive --type test.none --yes",
    "dead-letters list --type test.none", "error-groups acknowledge nope", "error-groups resolve 0123456789ab",
]  # fmt: skip


def test_what_is_not_there_ends_with_4(shell: Shell) -> None:
    for typed in UNKNOWN:
        said = shell(typed)
        assert (said.code, said.out) == (4, ""), said.err


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(403, json={"type": "about:blank", "detail": "no"}), 1),
        (httpx.Response(409, json={"detail": "no"}), 1),
        (httpx.Response(500, text="oops"), 1),
        (httpx.Response(200, text="<html>"), 5),
        (httpx.ReadTimeout("lost"), 5),
        (httpx.ConnectError("refused"), 5),
    ],
)
def test_what_went_wrong_is_told_by_the_code(
    shell: Shell, wire: Wire, answer: httpx.Response | Exception, code: int
) -> None:
    wire.instead = [answer] * 10
    said = shell(f"jobs cancel {JOB}")
    assert (said.code, said.out, bool(said.err)) == (code, "", True)


def test_a_question_that_is_answered_with_no_or_ctrl_c(
    shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "is_interactive", lambda: True)
    jobs = [world.create(tags=["x"]) for _ in range(2)]
    for typed, code, status in (("n\n", 1, Status.QUEUED), ("", 130, Status.QUEUED), ("y\n", 0, Status.CANCELLED)):
        assert shell("jobs cancel --tag x", typed).code == code
        assert {world.store.get(job).status for job in jobs} == {status}


def test_a_job_that_ends_otherwise_or_late_is_told(shell: Shell, world: World, job: str) -> None:
    late = shell(f"jobs tail {job} --timeout 0")
    assert (late.code, "still queued" in late.err) == (6, True)
    for status in (Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED):
        world.put_in(job, status, finished_at=T0)
        assert shell(f"jobs tail {job}").code == 3
