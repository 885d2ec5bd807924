"""Pause and resume a job type of the running platform, for the flow tests."""

from tests.infra.local.running import Run, until


def switch(run: Run, kind: str, action: str) -> None:
    """Pause or resume, and wait until the runner has done it."""
    answer = run.client.post(f"/job-types/{kind}/{action}")
    assert (answer.status_code, answer.json()["paused"]) == (200, action == "pause")
    until(lambda: (kind in run.state["paused"]) == (action == "pause"))
