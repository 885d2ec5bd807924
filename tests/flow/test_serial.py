"""A type whose jobs run one at a time for a key, on the running platform: its FIFO queue, its role, its worker."""

from datetime import datetime
from typing import Any

from tests.infra.local.running import Run, until


def ended(run: Run, job_id: str) -> dict[str, Any]:
    until(lambda: run.job(job_id)["status"] in ("completed", "failed", "dead_letter", "cancelled"))
    return run.job(job_id)


def at(job: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(job[name])


def test_the_jobs_of_an_account_run_one_after_the_other_and_those_of_another_beside_them(run: Run) -> None:
    asked: list[dict[str, Any]] = [{"account": "acme", "fail": 1}, {"account": "acme"}, {"account": "globex"}]
    ids = [run.submit("flow.serial", payload) for payload in asked]
    first, second, other = (ended(run, job_id) for job_id in ids)
    assert [job["status"] for job in (first, second, other)] == ["completed"] * 3
    assert [attempt["outcome"] for attempt in first["attempt_history"]] == ["error", "completed"]
    assert at(second, "started_at") >= at(first, "finished_at"), "the first one backed off, and kept its place"
    assert at(other, "finished_at") < at(second, "started_at")
