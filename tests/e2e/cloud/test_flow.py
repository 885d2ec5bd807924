"""Follow a job's complete lifecycle in the package: API Gateway, SQS, event source mappings and Lambda processes."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from chalicelib.access.tokens import Role
from chalicelib.watchdog.constants import QUIET_EVERY
from infra.cloud.commands.recount import recount
from tests.e2e.cloud.support import Cloud

pytestmark = pytest.mark.ministack

PATIENCE = 240.0
"""Seconds. If a watchdog has checked a dead letter just before, the message is hidden for 120 s."""
MAIL = {"to": ["ada@example.com"], "subject": "Hello", "text": "From end to end."}


def until(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return the value of `look` as soon as it is true; fail after that many seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {patience:.0f} s")


def create(client: httpx.Client, job_type: str, payload: Any, **more: Any) -> dict[str, Any]:
    answer = client.post("/jobs", json={"type": job_type, "payload": payload, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(answer.json()["id"])
    return dict(answer.json())


def becomes(client: httpx.Client, job_id: str, status: str, patience: float = PATIENCE) -> dict[str, Any]:
    """Return the job as soon as it has the status. A failure shows the job as it was last read."""
    seen: dict[str, Any] = {}

    def look() -> bool:
        seen.update(client.get(f"/jobs/{job_id}").json())
        return bool(seen["status"] == status)

    try:
        until(look, f"job {job_id} {status}", patience)
    except AssertionError as error:
        error.add_note(json.dumps(seen, indent=1))
        raise
    return seen


def lies_there(cloud: Cloud, queue: str, job_id: str) -> bool:
    """Return whether a dead letter that is not hidden is about this job."""
    sqs, url = dead_letter_queue(cloud, queue)
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return any(job_id in message["Body"] for message in found)


def lines(cloud: Cloud, function: str, job_id: str) -> list[dict[str, Any]]:
    """Return a function's log lines about this job."""
    group = f"/aws/lambda/{cloud.stack.name}-{function}"
    found = cloud.account.client("logs").filter_log_events(logGroupName=group, filterPattern=f'"{job_id}"')["events"]
    return [json.loads(event["message"]) for event in found if event["message"].startswith("{")]


def dead_letter_queue(cloud: Cloud, queue: str) -> tuple[Any, str]:
    sqs = cloud.account.client("sqs")
    return sqs, sqs.get_queue_url(QueueName=f"{cloud.stack.name}-{queue}-dlq")["QueueUrl"]


def test_health_needs_no_token(cloud: Cloud) -> None:
    answer = cloud.client(None).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Access-Control-Allow-Origin"] == cloud.outputs["SiteUrl"]


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("jf_" + 43 * "x", 401), (Role.VIEWER, 403), (Role.OPERATOR, 201)]
)
def test_only_a_good_token_with_the_right_role_is_let_in(cloud: Cloud, who: Role | str | None, status: int) -> None:
    answer = cloud.client(who).post("/jobs", json={"type": "email.send", "payload": MAIL})
    assert answer.status_code == status


def test_first_token_is_printed_once_and_works(cloud: Cloud) -> None:
    assert cloud.first_token.startswith("jf_")
    assert cloud.first_token not in cloud.said
    assert cloud.client(cloud.first_token).get("/job-types").status_code == 200


def test_same_key_is_the_same_job(operator: httpx.Client) -> None:
    def post() -> httpx.Response:
        body = {"type": "email.send", "payload": MAIL}
        return operator.post("/jobs", json=body, headers={"Idempotency-Key": "end-to-end"})

    first, second = post(), post()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_job_fails_is_retried_dies_and_is_brought_back(cloud: Cloud, operator: httpx.Client) -> None:
    # the job is created before its file: each attempt finds no file, until the file exists and a person retries
    form = operator.post("/uploads", json={"content_type": "image/png", "bytes": 100_000}).json()
    job = create(operator, "image.process", {"key": form["key"], "thumbnail": 32}, max_attempts=2)
    dead = becomes(operator, job["id"], "dead_letter")
    assert [attempt["outcome"] for attempt in dead["attempt_history"]] == ["error", "error"]
    assert dead["attempt_history"][0]["error_class"] == "FileMissing"
    until(lambda: lies_there(cloud, "image-process", job["id"]), "the redrive to the dead-letter queue")

    upload(form)
    again = operator.post(f"/jobs/{job['id']}/retry")
    assert (again.status_code, again.json()["attempts"]) == (200, 0)
    done = becomes(operator, job["id"], "completed")
    assert (done["gen"], done["attempts"], done["result"]["width"]) == (2, 1, 32)

    def swept() -> bool:
        """Run the watchdog, as the cloud does every minute.

        One run may find nothing: another run hides the message, or the queue was quiet at the last look. Its log says
        whether a run has removed the message: in the queue, dead letters of other tests come and go.
        """
        ran = cloud.account.client("lambda").invoke(FunctionName=f"{cloud.stack.name}-watchdog", Payload=b"{}")
        assert ran["StatusCode"] == 200
        assert "FunctionError" not in ran
        return any(line.get("message") == "sweeper.removed" for line in lines(cloud, "watchdog", job["id"]))

    until(swept, "the sweep of the message that its job outlived", 60.0 * QUIET_EVERY + PATIENCE)


def upload(form: dict[str, Any]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    sent = httpx.post(
        form["url"], data=form["fields"], files={"file": ("image.png", picture.getvalue(), "image/png")}, timeout=60
    )
    assert sent.is_success, sent.text


def test_hundred_jobs_all_complete_once(cloud: Cloud, operator: httpx.Client) -> None:
    ids = {create(operator, "email.send", MAIL, tags=["hundred"])["id"] for _ in range(100)}

    def all_done() -> list[Any]:
        found = operator.get("/jobs", params={"status": "completed", "tag": "hundred", "limit": 100}).json()["jobs"]
        return found if {job["id"] for job in found} == ids else []

    assert {job["attempts"] for job in until(all_done, "a hundred jobs completed")} == {1}


def test_counters_are_what_a_recount_finds(cloud: Cloud, operator: httpx.Client) -> None:
    becomes(operator, create(operator, "email.send", MAIL)["id"], "completed")
    found = until(
        lambda: looked if (looked := recount(cloud.account, cloud.stack, print)).right else None, "right counters"
    )
    assert found.jobs >= 1
    assert found.repaired == {}


def test_functions_log_to_the_stacks_groups(cloud: Cloud, operator: httpx.Client) -> None:
    job = becomes(operator, create(operator, "email.send", MAIL)["id"], "completed")
    said = until(lambda: lines(cloud, "email-send", job["id"]), "log lines about the job")
    assert {line["job_id"] for line in said} == {job["id"]}
