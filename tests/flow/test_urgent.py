"""Test a type with a second queue for urgent jobs, on the running platform: roles, both event sources, pauses."""

from pathlib import Path

from tests.infra.local.running import Run, until

AT_ONCE = 2
"""How many jobs of each of the two queues run at the same time."""


def test_a_job_of_high_priority_passes_the_others_that_wait(run: Run, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    one = {"type": "flow.urged", "payload": {"gate": str(gate)}, "priority": "low"}
    answer = run.client.post("/jobs/batch", json={"jobs": [one] * 4 * AT_ONCE}).json()
    low = [row["job"]["id"] for row in answer["results"]]

    def of_low(status: str) -> int:
        return sum(run.job(job_id)["status"] == status for job_id in low)

    until(lambda: of_low("processing") == AT_ONCE)
    high = run.finished(run.submit("flow.urged", {}, priority="high"))
    assert (high["attempts"], of_low("queued")) == (1, len(low) - AT_ONCE)
    gate.unlink()
    for job_id in low:
        run.finished(job_id)
    assert run.client.post("/job-types/flow.urged/pause", json={}).status_code == 200
    until(lambda: "flow.urged" in run.state["paused"])
    waits = run.submit("flow.urged", {}, priority="high")
    until(lambda: "paused" in str(run.job(waits)["why"]))
    run.client.post("/job-types/flow.urged/resume", json={})
    assert run.finished(waits)["status"] == "completed"
