"""Test a type of which two jobs of a customer run at once, on the running platform: roles, workers, lines."""

from typing import Any

from tests.infra.local.running import Run, until


def most_at_once(jobs: list[dict[str, Any]]) -> int:
    """Return how many of these jobs ran at the same moment; times in one format are sorted in the order of time."""
    times = [(str(job["started_at"]), str(job["finished_at"])) for job in jobs]
    return max(sum(begun <= at < ended for begun, ended in times) for at, _ in times)


def test_two_jobs_of_an_account_run_at_once_and_the_others_wait_without_a_worker(run: Run) -> None:
    ids = [run.submit("flow.limited", {"account": "acme", "seconds": 1, "fail": n % 2}) for n in range(7)]
    blocked = until(lambda: [one for one in map(run.job, ids) if one["status"] == "blocked"])
    assert "2 of 2 places of flow.limited for acme are taken" in str(blocked[-1]["why"])
    other = run.submit("flow.limited", {"account": "globex"})
    begun = run.finished(other)
    assert begun["status"] == "completed"
    jobs = [run.finished(job_id) for job_id in ids]
    assert str(begun["started_at"]) < max(str(job["started_at"]) for job in jobs), "it did not wait for their places"
    assert {job["status"] for job in jobs} == {"completed"}
    assert most_at_once(jobs) <= 2


def test_two_jobs_of_two_types_that_share_a_limit_run_at_once(run: Run) -> None:
    ids = [run.submit(f"flow.{('asks', 'draws')[n % 2]}", {"seconds": 0.7, "fail": n % 3 == 2}) for n in range(8)]
    blocked = until(lambda: [one for one in map(run.job, ids) if one["status"] == "blocked"])
    assert "2 of 2 places of the shared limit provider are taken" in str(blocked[-1]["why"])
    jobs = [run.finished(job_id) for job_id in ids]
    assert {job["status"] for job in jobs} == {"completed"}
    assert most_at_once(jobs) <= 2


def test_a_job_with_two_limits_runs_when_it_has_a_place_of_both(run: Run) -> None:
    mine = [run.submit("flow.both", {"account": "acme", "seconds": 0.5}) for _ in range(3)]
    others = [run.submit("flow.draws", {"seconds": 0.5}) for _ in range(4)]
    jobs = [run.finished(job_id) for job_id in (*mine, *others)]
    assert {job["status"] for job in jobs} == {"completed"}
    assert most_at_once(jobs) <= 2
    assert most_at_once(jobs[:3]) == 1


def test_jobs_that_wait_for_the_places_of_dead_workers_run(run: Run) -> None:
    dies = [run.submit("flow.limited", {"account": "dies", "seconds": 0.5, "fail": 1, "how": "die"}) for _ in range(2)]
    waiting = [run.submit("flow.limited", {"account": "dies"}) for _ in range(2)]
    until(lambda: all(run.job(job_id)["status"] in ("blocked", "completed") for job_id in waiting))
    jobs = [run.finished(job_id) for job_id in (*dies, *waiting)]
    assert {job["status"] for job in jobs} == {"completed"}
