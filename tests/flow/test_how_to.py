"""Check on the running platform that a job type needs only one new file: the how-to's file, with another name."""

import httpx

from tests.infra.local.running import Run


def test_the_api_and_a_worker_follow(run: Run) -> None:
    kinds = {kind["type"]: kind for kind in run.client.get("/job-types").json()["job_types"]}
    refused = run.client.post("/jobs", json={"type": "word.tally", "payload": {"text": 5, "x": 1}})
    job = run.finished(run.submit("word.tally", {"text": "one two  three"}))
    workers = run.state["pids"]["workers"]
    shown = kinds["word.tally"]
    assert shown["schema"]["properties"]["text"]["maxLength"] == 10_000
    assert (shown["example"], shown["timeout"]) == ({"text": "one two"}, 30)
    assert shown["description"] == "Count the words of a text."
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert sorted(error["loc"][-1] for error in refused.json()["errors"]) == ["text", "x"]
    assert (job["result"], job["attempts"]) == (3, 1)
    assert "jobflow-dev-word-tally" in workers
