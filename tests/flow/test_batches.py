"""Test batches on the running platform: the stream's second function, its filter, its role and its marks."""

from typing import Any

from tests.infra.local.running import Run, until


def gathered(run: Run, batch: str) -> list[Any]:
    """Return the round, and the numbers of members that ended and failed, as each job of `then` was told."""
    found = run.client.get("/jobs", params={"type": "flow.gathered"}).json()["jobs"]
    results = [one["result"] for one in reversed(found) if one["result"] is not None]
    return [(one["round"], one["done"], one["failed"]) for one in results if one["batch"] == batch]


def test_a_job_fans_out_and_in_and_failed_members_are_retried_as_a_round(run: Run) -> None:
    batch = run.finished(run.submit("flow.fan", {"members": 12, "fail": 2}))["result"]
    until(lambda: len(gathered(run, batch)) == 1)
    assert gathered(run, batch) == [(1, 12, 2)]
    shown = run.client.get(f"/batches/{batch}").json()["newest"]
    assert (shown["state"], shown["done"], shown["failed"], len(shown["failed_ids"])) == ("ended", 12, 2, 2)
    retried = run.client.post(f"/batches/{batch}/retry").json()["newest"]
    assert (retried["round"], retried["total"]) == (2, 2)
    until(lambda: len(gathered(run, batch)) == 2)
    assert gathered(run, batch)[1] == (2, 2, 2)


def test_an_application_fills_a_batch_over_the_api(run: Run) -> None:
    made = run.client.post("/batches", json={"then": "flow.gathered"}).json()["id"]
    jobs = [{"type": "flow.probe", "payload": {}, "idempotency_key": f"part-{place}"} for place in range(25)]
    answer = run.client.post(f"/batches/{made}/jobs", json={"jobs": jobs}).json()
    assert {one["status"] for one in answer["results"]} == {201}
    assert run.client.post(f"/batches/{made}/close", json={"total": 25}).status_code == 200
    until(lambda: gathered(run, made) == [(1, 25, 0)])
    listed = run.client.get("/jobs", params={"batch": made}).json()["jobs"]
    assert {one["status"] for one in listed} == {"completed"}
