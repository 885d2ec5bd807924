"""Test a type with a second queue for urgent jobs, on the running platform: roles, both event sources, pauses."""

from tests.infra.local.running import Run, until

MANY, AT_ONCE = 100, 25


def flood(run: Run) -> list[str]:
    """Create many jobs of low priority, which together take the workers half a minute; return their ids."""
    one = {"type": "flow.urged", "payload": {"seconds": 1}, "priority": "low"}
    answers = [run.client.post("/jobs/batch", json={"jobs": [one] * AT_ONCE}).json() for _ in range(MANY // AT_ONCE)]
    return [row["job"]["id"] for answer in answers for row in answer["results"]]


def test_a_job_of_high_priority_passes_the_others_that_wait(run: Run) -> None:
    low = flood(run)
    until(lambda: any(run.job(job_id)["status"] == "completed" for job_id in low))
    high = run.finished(run.submit("flow.urged", {}, priority="high"))
    begun = [job for job in map(run.job, low) if job["started_at"] is not None]
    before = [job for job in begun if job["started_at"] < high["started_at"]]
    assert len(before) < MANY / 2, "it was created after all of them"
    for job_id in low:
        run.client.post(f"/jobs/{job_id}/cancel")
    assert run.client.post("/job-types/flow.urged/pause", json={}).status_code == 200
    until(lambda: "flow.urged" in run.state["paused"])
    waits = run.submit("flow.urged", {}, priority="high")
    until(lambda: "paused" in str(run.job(waits)["why"]))
    run.client.post("/job-types/flow.urged/resume", json={})
    assert run.finished(waits)["status"] == "completed"
