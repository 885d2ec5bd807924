"""Test webhooks on the running platform: from the end of a job to a receiver, which verifies the message."""

from typing import Any

from jobflow.webhooks import verify
from tests.flow.receiver import Receiver
from tests.infra.local.running import Run, until


def create(run: Run, receiver: Receiver, name: str, **settings: Any) -> str:
    """Register a webhook; return its secret."""
    answer = run.client.post("/webhooks", json={"name": name, "url": receiver.url(name), **settings})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def ended(run: Run, number: int = 1, **asked: Any) -> set[str]:
    """Return the ids of jobs that will complete."""
    return {run.submit("flow.probe", {}, **asked) for _ in range(number)}


def test_the_end_of_a_job_arrives_signed_at_the_receivers_that_it_is_for(run: Run, receiver: Receiver) -> None:
    secret = create(run, receiver, "works", types=["flow.probe"], tags=["hooked"])
    told = ended(run, tags=["hooked"]) | ended(run, notify=["works"])
    ended(run)
    until(lambda: told <= set(receiver.told("works")))
    run.client.delete("/webhooks/works")
    for path, body, headers in receiver.got:
        if path == "/works":
            message = verify(body, headers, secret)
            assert (message["type"], message["data"]["job_id"] in told) == ("job.completed", True)
    listed = run.client.get("/jobs", params={"type": "webhook.deliver"}).json()["jobs"]
    assert {one["id"] for one in listed} >= {headers["webhook-id"] for _, _, headers in receiver.got}


def test_a_receiver_that_answers_nobody_delays_no_other(run: Run, receiver: Receiver) -> None:
    for name in ("dead", "alive"):
        create(run, receiver, name)
    hanging = ended(run, 3, notify=["dead"])
    until(lambda: hanging <= set(receiver.told("dead")))
    told = ended(run, notify=["alive"])
    until(lambda: told <= set(receiver.told("alive")))
    assert len(receiver.told("dead")) == 3, "it came before any message to the other receiver was tried again"
    receiver.released.set()
    until(lambda: run.client.get("/webhooks/dead").json()["failures"] >= 3)
    waiting, told = ended(run, 4, notify=["dead"]), ended(run, 4, notify=["alive"])
    until(lambda: told <= set(receiver.told("alive")))
    until(lambda: all(turned_away(run, job_id) for job_id in waiting))
    assert len(waiting & set(receiver.told("dead"))) <= 1, "one message at a time tries a receiver that fails"
    for name in ("dead", "alive"):
        run.client.delete(f"/webhooks/{name}")


def turned_away(run: Run, job_id: str) -> bool:
    """Return whether the delivery of a job's end has been started, and waits again."""
    made = run.client.get("/jobs", params={"parent": job_id}).json()["jobs"]
    return bool(made) and made[0]["status"] == "retrying"
