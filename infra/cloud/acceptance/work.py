"""Check promises about running jobs: partial batches, the speed of scaling, mail, and the metrics of queues."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.jobs.job import Status
from infra.cloud.acceptance.stand import NotKept, NotTried, Stand
from infra.cloud.acceptance.web import upload_form
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.basics import NOT_THERE
from infra.definition.names import queue_name

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MISSING = "uploads/00000000-0000-4000-8000-000000000000"
GOOD, BAD, MANY = 8, 2, 100
SIMULATOR = "success@simulator.amazonses.com"
METRICS = 600.0
"""Seconds until the metrics of AWS/SQS have a data point for a queue that was idle before."""


def partial_batches(stand: Stand) -> str:
    """Let some jobs fail, and check that the others run once."""
    stand.has("image.process")
    key = upload_form(stand, PIXEL, "image/png")
    good = [stand.job("image.process", {"key": key}) for _ in range(GOOD)]
    bad = [stand.job("image.process", {"key": MISSING}, max_attempts=1) for _ in range(BAD)]
    ends = {job_id: stand.ended(job_id) for job_id in (*good, *bad)}
    attempts = [(ends[job_id]["status"], ends[job_id]["attempts"]) for job_id in good]
    failed = [ends[job_id]["status"] for job_id in bad]
    if set(attempts) != {(Status.COMPLETED, 1)} or Status.COMPLETED in failed:
        raise NotKept(f"good jobs ended as {sorted(set(attempts))}, failing ones as {sorted(set(failed))}")
    return f"{GOOD} jobs ran once beside {BAD} that failed"


def workers_come(stand: Stand) -> str:
    """Make many jobs at once, and measure how long it takes until all have ended."""
    kind = next((kind for kind in stand.types if kind.changes.smoke is not None), None)
    if kind is None:
        raise NotTried("no job type declares Changes(smoke=…)")
    start = stand.clock()
    ids = [stand.job(kind.name, kind.changes.smoke) for _ in range(MANY)]
    waits = [stand.ended(job_id)["status"] for job_id in ids]
    if set(waits) != {Status.COMPLETED}:
        raise NotKept(f"{MANY} jobs ended as {sorted(set(waits))}")
    return f"{MANY} jobs of {kind.name} in {stand.clock() - start:.0f} s"


def mail(stand: Stand) -> str:
    """Send a mail to SES's simulator."""
    stand.has("email.send")
    shown = {one["ParameterKey"]: one["ParameterValue"] for one in (stand.stack.describe() or {})["Parameters"]}
    identity, asking = shown["MailIdentity"], Asking(stand.account)
    found = asking.ask("mail", "sesv2", "get_email_identity", EmailIdentity=identity)
    if found is None or not found.get("VerifiedForSendingStatus"):
        state = "is not there" if asking.refused.get("mail") == NOT_THERE else "is not verified"
        raise NotTried(f'the SES identity {identity} {state}: say SET="MailFrom=… MailIdentity=…"')
    payload = {"to": [SIMULATOR], "subject": "JobFlow", "text": "An acceptance of JobFlow."}
    ended = stand.ended(stand.job("email.send", payload, max_attempts=2))
    if ended["status"] != Status.COMPLETED:
        raise NotKept(f"the job is {ended['status']}: {ended.get('error_message')}")
    return f"a mail from {shown['MailFrom']} was taken by SES"


def queue_metrics(stand: Stand) -> str:
    """Check that the metrics of AWS/SQS include a queue that had messages; alarms depend on these metrics."""
    kind = next((kind for kind in stand.types if kind.changes.smoke is not None), stand.types[0])
    name, start = queue_name(stand.stack.name, kind.short, kind.queue_ending), stand.clock()
    stand.until(lambda: _point(stand, name), f"a point of {name}", METRICS)
    return f"a point of {name} after {stand.clock() - start:.0f} s"


def _point(stand: Stand, queue: str) -> dict[str, Any] | None:
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = stand.account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS", MetricName="NumberOfMessagesSent", Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=now - timedelta(hours=1), EndTime=now, Period=300, Statistics=["Sum"],
    )["Datapoints"]  # fmt: skip
    return next((point for point in found if point["Sum"] > 0), None)
