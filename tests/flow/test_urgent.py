"""Test a type with a second queue for urgent jobs, on the running platform: roles, both event sources, pauses."""

from tests.infra.local.running import Run, until

MANY, AT_ONCE = 200, 25


def flood(run: Run) -> list[str]:
    """Create many jobs of low priority, which together take the workers a long time; return their ids."""
    one = {"type": "flow.urged", "payload": {"seconds": 0.1}, "priority": "low"}
    answers = [run.client.post("/jobs/batch", json={"jobs": [one] * AT_ONCE}).json() for _ in range(MANY // AT_ONCE)]
    return [row["job"]["id"] for answer in answers for row in answer["results"]]


def test_a_job_of_high_priority_is_the_next_one_although_200_others_wait(run: Run) -> None:
    low = flood(run)
    until(lambda: any(run.job(job_id)["status"] == "completed" for job_id in low))
    job_id = run.submit("flow.urged", {}, priority="high")
    high = run.finished(job_id)
    begun = [job for job in map(run.job, low) if job["started_at"] is not None]
    between = [job for job in begun if high["created_at"] < job["started_at"] < high["started_at"]]
    assert len(between) <= 8, "no more than the workers of the other queue began meanwhile"
    assert len(begun) < MANY, "and most of the others wait"
    assert run.client.post("/job-types/flow.urged/pause", json={}).status_code == 200
    until(lambda: "flow.urged" in run.state["paused"])
    waits = run.submit("flow.urged", {}, priority="high")
    until(lambda: "paused" in str(run.job(waits)["why"]))
    run.client.post("/job-types/flow.urged/resume", json={})
    assert run.finished(waits)["status"] == "completed"
