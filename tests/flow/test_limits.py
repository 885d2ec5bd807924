"""Test a type of which two jobs of a customer run at once, on the running platform: roles, workers, lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.local.running import Run, until


def most_at_once(jobs: list[dict[str, Any]]) -> int:
    """Return how many of these jobs ran at the same moment; times in one format are sorted in the order of time."""
    times = [(str(job["started_at"]), str(job["finished_at"])) for job in jobs]
    return max(sum(begun <= at < ended for begun, ended in times) for at, _ in times)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file: jobs of the probe that name it wait until it is gone."""
    path = tmp_path / "gate"
    path.touch()
    yield path
    path.unlink(missing_ok=True)


def blocked(run: Run, ids: list[str], number: int) -> list[dict[str, Any]]:
    """Return the jobs that wait for a place, once there are as many."""

    def found() -> list[dict[str, Any]]:
        return [one for one in map(run.job, ids) if one["status"] == "blocked"]

    until(lambda: len(found()) == number)
    return found()


def test_two_jobs_of_an_account_run_at_once_and_the_others_wait_without_a_worker(run: Run, gate: Path) -> None:
    asked = {"account": "acme", "gate": str(gate)}
    ids = [run.submit("flow.limited", {**asked, "fail": n % 2}) for n in range(7)]
    for one in blocked(run, ids, 5):
        assert "2 of 2 places of flow.limited for acme are taken" in str(one["why"])
    other = run.finished(run.submit("flow.limited", {"account": "globex"}))
    assert other["status"] == "completed", "it did not wait for their places"
    assert len(blocked(run, ids, 5)) == 5
    gate.unlink()
    jobs = [run.finished(job_id) for job_id in ids]
    assert {job["status"] for job in jobs} == {"completed"}
    assert most_at_once(jobs) <= 2


def test_two_jobs_of_two_types_that_share_a_limit_run_at_once(run: Run, gate: Path) -> None:
    asked = {"gate": str(gate)}
    ids = [run.submit(f"flow.{('asks', 'draws')[n % 2]}", {**asked, "fail": n % 3 == 2}) for n in range(8)]
    for one in blocked(run, ids, 6):
        assert "2 of 2 places of the shared limit provider are taken" in str(one["why"])
    gate.unlink()
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
    dies = [run.submit("flow.dies", {"account": "dies", "seconds": 0.5, "fail": 1, "how": "die"}) for _ in range(2)]
    waiting = [run.submit("flow.dies", {"account": "dies"}) for _ in range(2)]
    until(lambda: all(run.job(job_id)["status"] in ("blocked", "completed") for job_id in waiting))
    jobs = [run.finished(job_id) for job_id in (*dies, *waiting)]
    assert {job["status"] for job in jobs} == {"completed"}
