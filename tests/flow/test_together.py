"""Test a type whose jobs run side by side in threads, on the running platform."""

from tests.infra.local.running import Run, until

NAMES = ("ada", "ben", "cem", "dua")


def said(run: Run, job_id: str) -> list[str]:
    """Return the lines of the job's function."""
    lines = run.client.get(f"/jobs/{job_id}/logs").json()["lines"]
    return [line["message"] for line in lines if " by " in line["message"]]


def test_jobs_of_one_batch_overlap_and_each_has_its_own_lines(run: Run) -> None:
    wanted = [{"type": "flow.together", "payload": {"name": name}} for name in NAMES]
    answer = run.client.post("/jobs/batch", json={"jobs": wanted})
    ids = [one["job"]["id"] for one in answer.json()["results"]]
    jobs = [run.finished(job_id) for job_id in ids]
    assert [job["result"] for job in jobs] == list(NAMES)
    assert {job["attempts"] for job in jobs} == {1}, "each went on when four of them ran"
    assert max(job["started_at"] for job in jobs) <= min(job["finished_at"] for job in jobs)
    until(lambda: all(len(said(run, job_id)) >= 3 for job_id in ids))
    for job_id, name in zip(ids, NAMES, strict=True):
        assert said(run, job_id) == [f"begun by {name}, ended by {name}", f"told by {name}", f"logged by {name}"]
