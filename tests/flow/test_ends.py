"""Test `on_end` on the running platform: the stream's second function, its role and its filter."""

from typing import Any

from tests.infra.local.running import Run, until


def told(run: Run, job_id: str) -> list[dict[str, Any]]:
    """Return the jobs that `on_end` has made for a job, once each of them has completed."""

    def made() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = run.client.get("/jobs", params={"parent": job_id}).json()["jobs"]
        return found

    until(lambda: made() and all(one["status"] == "completed" for one in made()))
    return made()


def test_a_job_that_completes_and_one_that_fails_and_is_retried_tell_each_end_once(run: Run) -> None:
    done = run.submit("flow.probe", {}, on_end="flow.ended")
    failed = run.submit("flow.probe", {"fail": 1, "how": "permanent"}, on_end="flow.ended")
    silent = run.submit("flow.probe", {})
    assert [one["result"] for one in told(run, done)] == [
        {"status": "completed", "error": None, "result": {"attempt": 1}}
    ]
    (first,) = told(run, failed)
    assert first["result"] == {"status": "failed", "error": "PermanentError", "result": None}
    run.client.post(f"/jobs/{failed}/retry", json={})
    until(lambda: len(told(run, failed)) == 2)
    run.finished(silent)
    assert told_so_far(run, silent) == []


def told_so_far(run: Run, job_id: str) -> list[Any]:
    found: list[Any] = run.client.get("/jobs", params={"parent": job_id}).json()["jobs"]
    return found
