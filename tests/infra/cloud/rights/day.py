"""Run everything that sends requests to AWS at least once: a day of the platform."""

import io
import json
import time
import uuid
from dataclasses import replace
from typing import Any

import boto3
from PIL import Image

from chalicelib import AtMost
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.bulk.port import BulkAction
from chalicelib.entry import recount as recount_module
from chalicelib.erasing.work import keys_of
from chalicelib.job_types import jobtype
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import acts, transitions
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Filter, KeyLock, Message
from chalicelib.limits.places import Limit
from chalicelib.operating.lines import limited
from chalicelib.pausing.event_sources import mapping_key
from chalicelib.schedules.schedule import Schedule
from chalicelib.sessions.rule import Person
from chalicelib.webhooks.webhook import State, Webhook
from tests.contract.expiry import removed_by_table
from tests.infra.cloud.acting import REGION, STACK, Context, Stage
from tests.support import a_job, built_in

TYPES = built_in()
MAIL = {"to": ["success@example.com"], "subject": "Hello", "text": "Hello"}
LARGE = "x" * 310_000
MAPPINGS = f"{mapping_key('email.send')}=email-send"
VARIABLES = {
    "JITTER": "none", "EVENT_SOURCES": MAPPINGS, "MAIL_DAILY_CAP": "100", "MAIL_RATE": "500",
    "WATCHDOG_FUNCTION": f"{STACK}-watchdog", "ALARM_TOPIC": f"arn:aws:sns:{REGION}:123456789012:{STACK}-alarms",
    "BACKGROUND_FUNCTION": f"{STACK}-recount", "RATE_LIMIT_MAX": "1000",
    "SIGN_IN": json.dumps({"issuer": "https://login.example.com", "client": "console", "admins": "platform"}),
}  # fmt: skip
DEAD_OR_DONE = (Status.QUEUED, Status.COMPLETED)


def live(acting: Stage) -> None:
    """Run everything that sends requests to AWS at least once."""
    mail, image, report = (jobtype.get(name) for name in ("email.send", "image.process", "report.generate"))
    first = created(acting, "email.send", mail.example)
    acting.work(mail)
    created(acting, "report.generate", report.example)
    acting.work(report)
    form = acting.call("POST", "/uploads", {"content_type": "image/png", "bytes": 100_000})[1]
    waiting = created(acting, "image.process", {"key": form["key"]}, max_attempts=1)
    acting.work(image)
    upload(form["key"])
    acting.call("GET", f"/jobs/{waiting}/retry", None, "/jobs/{job_id}/retry")
    acting.call("POST", f"/jobs/{waiting}/retry", {}, "/jobs/{job_id}/retry")
    until_done(acting, image, waiting)
    send(mail, Message(first, 1, mail.name))
    acting.work(mail)
    large(acting, mail)
    queued(acting, mail)
    look(acting, first)
    steer(acting, mail, first)
    approve(acting, mail)
    for kind in (mail, image, report):
        take_over(acting, kind)
    batch = batches(acting, mail)
    many(acting, mail, batch)
    erasing(acting)
    places(acting, mail)
    watch(acting, mail)
    woken(mail)
    work_off(acting)
    expired(acting)
    blocked(mail, due_at=time.time() + 600)
    parts.place_store.enlist(Limit(f"1.{mail.name}", 99))
    acting.count()
    acting.count()  # deliver the same records again, as Lambda may do
    acting.watch()  # now the dead letters are known: their types are in trouble
    acting.recount()
    known = acting.call("GET", "/errors")[1]["groups"][0]["fingerprint"]
    for switch in ("acknowledge", "resolve", "reopen"):
        path = f"/errors/{known}/{switch}"
        status, answer = acting.call("POST", path, None, "/errors/{fingerprint}/" + switch)
        assert status == 200, answer
    pauses(acting, mail)


def pauses(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Pause and resume a type, and read its pauses."""
    # the emulator has no mapping of that name, and the API reports this: only the request counts
    for switch in ("pause", "resume"):
        path = f"/job-types/{mail.name}/{switch}"
        acting.call("POST", path, None, "/job-types/{job_type}/" + switch)
    for told in ("pauses", "tenants"):
        path = f"/job-types/{mail.name}/{told}"
        acting.call("GET", path, None, "/job-types/{job_type}/" + told)


def steer(acting: Stage, mail: jobtype.JobType[Any, Any], first: str) -> None:
    """Do what operators do to many jobs, or to one."""
    batch = {"jobs": [{"type": kind.name, "payload": kind.example} for kind in TYPES]}
    acting.call("POST", "/jobs/batch", batch)
    acting.call("POST", "/dead-letters/redrive", {})
    later = created(acting, mail.name, mail.example, delay_seconds=600)
    event = f"/jobs/{later}/events/approved"
    acting.call("POST", event, {"data": 1}, "/jobs/{job_id}/events/{name}")
    acting.call("GET", f"/jobs/{later}/steps", None, "/jobs/{job_id}/steps")
    acting.call("POST", f"/jobs/{later}/run-now", {}, "/jobs/{job_id}/run-now")
    acting.call("POST", f"/jobs/{first}/discard", {}, "/jobs/{job_id}/discard")
    acting.call("POST", f"/jobs/{later}/cancel", {}, "/jobs/{job_id}/cancel")
    for text in ("one", "two"):
        created(acting, mail.name, {**MAIL, "text": text}, debounce={"key": "k", "seconds": 900})
    acting.call("POST", "/jobs/bulk", {"action": "cancel", "filter": {"status": "queued"}})
    acting.call("POST", "/jobs/bulk", {"action": "retry", "filter": {"type": mail.name}})
    acting.call("POST", "/jobs/bulk", {"action": "retry", "ids": [first, later]})
    schedules(acting, mail)
    webhooks(acting)
    views(acting)
    audit(acting, first)
    people(acting)


def audit(acting: Stage, job_id: str) -> None:
    """Read who changed what, who was refused, and who has a token."""
    mine, acting.token = acting.token, "unknown"
    assert acting.call("GET", "/jobs")[0] == 401
    acting.token = mine
    for path in ("/audit", f"/audit?job={job_id}", "/audit/refusals", "/tokens", "/usage?by=tenant"):
        status, answer = acting.call("GET", path)
        assert status == 200, answer


def people(acting: Stage) -> None:
    """Sign in, look, sign out, and end the sessions of others."""
    prefix, mine = parts.sessions.provider.prefix, acting.token
    person = Person(f"{prefix}ada", Role.ADMIN, "", "nonce", time.time(), time.time() + 60)
    parts.id_tokens = lambda *_: person  # type: ignore[assignment]
    status, begun = acting.call("POST", "/session", {"id_token": "a.b.c", "secret": "s"})
    assert status == 201, begun
    acting.token = begun["token"]
    assert acting.call("GET", "/sessions")[0] == 200
    assert acting.call("POST", "/sessions/revoke", {"principal": f"{prefix}bob"})[0] == 200
    assert acting.call("DELETE", "/session")[0] == 200
    acting.token = mine


def views(acting: Stage) -> None:
    """Save a view, see it, and delete it."""
    _, made = acting.call("POST", "/views", {"name": "Failed", "search": "?status=failed"})
    acting.call("GET", "/views")
    acting.call("DELETE", f"/views/{made['id']}", None, "/views/{view_id}")
    acting.call("POST", "/views", {"name": "Failed", "search": "?status=failed"})


def webhooks(acting: Stage) -> None:
    """Ask for webhooks in a stage without them; leave the rows of one that had them."""
    parts.webhooks.add(left := Webhook("left", "https://hooks.example.com", registration="left", writer="1"))
    parts.webhooks.set_state(left, State(), State(1, 0.0, None, None, None, 1, "1"))
    acting.call("GET", "/webhooks")
    settings, job_id = {"url": "https://hooks.example.com"}, "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"
    assert acting.call("POST", "/webhooks", {"name": "none", **settings})[0] == 409
    for method, rest, body in (
        ("GET", "", None), ("PUT", "", settings), ("POST", "/rotate", {}), ("POST", "/enable", {}),
        ("GET", "/deliveries", None), ("DELETE", "", None),
    ):  # fmt: skip
        acting.call(method, f"/webhooks/none{rest}", body, "/webhooks/{name}" + rest)
    again, names = "/webhooks/{name}/deliveries/{delivery_id}/send-again", {"name": "none", "delivery_id": job_id}
    assert acting.call("POST", again.format(**names), {}, again)[0] == 404


def approve(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Let a job wait for an event, and continue after it."""
    held = created(acting, mail.name, {**MAIL, "approval": True})
    worked_until(acting, mail, held, Status.SUSPENDED)
    event = f"/jobs/{held}/events/approved"
    acting.call("POST", event, {}, "/jobs/{job_id}/events/{name}")
    worked_until(acting, mail, held, Status.COMPLETED)


def worked_until(acting: Stage, kind: jobtype.JobType[Any, Any], job_id: str, status: Status) -> None:
    """Let workers run until the job has this status; it may have to wait a moment for its turn."""
    for _ in range(100):
        acting.work(kind)
        if parts.job_store.get(job_id).status is status:
            return
        time.sleep(0.1)
    raise AssertionError(parts.job_store.get(job_id))


def schedules(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Create, change and delete a schedule."""
    settings = {"type": mail.name, "cron": "0 6 * * *", "payload": mail.example}
    acting.call("GET", "/schedules/preview?cron=*+*+*+*+*")
    status, answer = acting.call("POST", "/schedules", {"id": "daily", **settings})
    assert status == 201, answer
    for method, rest, body in (
        ("GET", "", None), ("PUT", "", settings), ("POST", "/pause", {}), ("POST", "/resume", {}), ("POST", "/run", {}),
        ("DELETE", "", None),
    ):  # fmt: skip
        status, answer = acting.call(method, f"/schedules/daily{rest}", body, "/schedules/{schedule_id}" + rest)
        assert status in (200, 201), answer


def batches(acting: Stage, mail: jobtype.JobType[Any, Any]) -> str:
    """Make batches, fill, close, cancel and retry them; leave one that is due to the watchdog. Return a batch's id."""
    made = [str(acting.call("POST", "/batches", {})[1]["id"]) for _ in range(2)]
    for batch in made:
        for verb, body in (("jobs", {"jobs": [{"type": mail.name, "payload": MAIL}]}), ("close", {"total": 1})):
            path = f"/batches/{batch}/{verb}"
            assert acting.call("POST", path, body, "/batches/{batch_id}/" + verb)[0] == 200
    cancelled, batch = made
    acting.call("POST", f"/batches/{cancelled}/cancel", None, "/batches/{batch_id}/cancel")
    acting.call("POST", f"/batches/{cancelled}/retry", None, "/batches/{batch_id}/retry")
    (member,), _ = parts.job_store.members(cancelled, 1)
    acting.call("POST", f"/jobs/{member}/retry", {}, "/jobs/{job_id}/retry")
    assert acting.call("GET", "/batches")[0] == 200
    assert acting.call("GET", f"/batches/{batch}", None, "/batches/{batch_id}")[0] == 200
    assert acting.call("GET", f"/jobs?batch={batch}")[0] == 200
    parts.batch_rows.write(cancelled, 1, {"due_at": 0.0, "updated_at": 0.0})
    return batch


def many(acting: Stage, mail: jobtype.JobType[Any, Any], batch: str) -> None:
    """Start a bulk action, read it and stop it; leave others to the watchdog and to the function that it invokes."""
    started = acting.call("POST", "/bulk", {"action": "retry", "ids": [f"no-job-{n}" for n in range(30)]})[1]
    for method, end in (("GET", ""), ("GET", "/outcome"), ("POST", "/stop")):
        path = f"/bulk/{started['id']}{end}"
        assert acting.call(method, path, None, "/bulk/{bulk_id}" + end)[0] == 200
    assert acting.call("GET", "/bulk")[0] == 200
    old = time.time() - 61 * 86_400
    for text in ("x" * 20_000, LARGE):
        acted = acts.written(Act(acts.CANCEL, time.time(), "bob", 1))  # while the bulk action is processed
        job = a_job(payload={**MAIL, "text": text}, status=Status.FAILED, created_at=old, acted=acted)
        parts.job_store.add(job)
    filters = [
        ("retry", Filter(type=mail.name)),
        ("cancel", Filter(status=Status.QUEUED)),
        ("retry", Filter(fingerprint="0123456789ab")),
        ("retry", Filter(tag="x", status=Status.CANCELLED)),
    ]
    failed = a_job(payload=MAIL, status=Status.FAILED, created_at=old, batch=batch)
    parts.job_store.add(failed)
    filters.append(("retry", Filter(batch=batch)))
    for place, (action, which) in enumerate(filters):
        left = BulkAction(f"{place:020x}", action, "ada", "1f2e", started_at=time.time(), which=which)
        parts.bulk_rows.add(left)


def erasing(acting: Stage) -> None:
    """Delete finished jobs of each type with everything that they can have, and erase a tenant."""
    s3, ended = boto3.client("s3", region_name=REGION), time.time() - 86_400
    for kind in TYPES:
        job = a_job(
            type=kind.name, payload={**MAIL, "text": LARGE}, status=Status.FAILED, created_at=ended - 60,
            finished_at=ended, updated_at=ended, idempotency_key="erased", result="x" * 400_000, expires_at=ended * 2,
        )  # fmt: skip
        parts.job_store.add(job)
        parts.job_store.record(job.id, Attempt(1, 1, "failed", ended, ended, "E", "m", claim=1))
        parts.job_store.acquire(keys_of(job)[0], None, KeyLock(job.id, time.time()))
        for prefix in ("processed", "reports"):
            s3.put_object(Bucket=parts.settings.files_bucket, Key=f"{prefix}/{job.id}/1-1.png", Body=b"x")
        # hidden long ago: a job is removed a minute after it was hidden
        parts.job_store.apply(job.id, transitions.erase(job, now=ended))
        assert acting.call("DELETE", f"/jobs/{job.id}", {}, "/jobs/{job_id}")[0] == 202
    status, started = acting.call("POST", "/erasures", {"tenant": "acme"})
    assert status == 202, started
    assert acting.call("GET", f"/erasures/{started['id']}", None, "/erasures/{erasure_id}")[0] == 200
    assert acting.call("GET", "/erasures")[0] == 200


def expired(acting: Stage) -> None:
    """Let the table remove jobs whose time is over, and the platform what they have left."""
    now = time.time()
    for kind in TYPES:
        job = a_job(
            type=kind.name, payload={**MAIL, "text": LARGE}, status=Status.FAILED, created_at=now - 60, claims=2,
            finished_at=now, expires_at=int(now) + 9 * 86_400, result="x" * 400_000, parent=str(uuid.uuid4()),
        )  # fmt: skip
        parts.job_store.add(job)
        parts.job_store.keep_payload(job.id, 1, {"text": LARGE})
        parts.job_store.record(job.id, Attempt(1, 1, "failed", now, now, "E", "m", claim=1))
        with acting.recorder.acting_as("table"):
            row = boto3.client("dynamodb").get_item(TableName=parts.settings.jobs_table, Key=key_of(job.id))["Item"]
            boto3.client("dynamodb").delete_item(TableName=parts.settings.jobs_table, Key=key_of(job.id))
        acting.expired.append(removed_by_table(key_of(job.id), row))
    assert acting.follow()["batchItemFailures"] == []
    with acting.recorder.acting_as("recount"):
        [batch] = parts.leftovers.rows.each(lambda *_: None)
        parts.leftovers.rows.leave(batch, batch.jobs)  # as after a night in which a part of it was refused
        later = replace(parts.leftovers, clock=lambda: now + 10 * 86_400)
        assert later.work(lambda: 60.0).numbers["expired"] == len(TYPES)


def key_of(job_id: str) -> dict[str, Any]:
    return {"pk": {"S": job_id}, "sk": {"S": "META"}}


def work_off(acting: Stage) -> None:
    """Let the function that works for operators do all that is open, and remove payloads that are not kept."""
    job = a_job(payload={**MAIL, "text": LARGE})
    parts.job_store.add(job)
    ended = parts.job_store.apply(job.id, transitions.cancel(job, now=time.time() - 2 * 3_600))
    with acting.recorder.acting_as("recount"):
        assert recount_module.handler({"bulk": True}, Context(str(uuid.uuid4())))["ended"] == 5
    assert parts.job_store.get(ended.id).cleared_at is not None


def created(acting: Stage, job_type: str, payload: object, **more: object) -> str:
    status, job = acting.call("POST", "/jobs", {"type": job_type, "payload": payload, **more})
    assert status in (200, 201), job
    return str(job["id"])


def take_over(acting: Stage, kind: jobtype.JobType[Any, Any]) -> None:
    """Lose a worker with its job: the next worker reads in the log how the first one ended."""
    now = time.time()
    lost = a_job(
        type=kind.name, payload=kind.example, status=Status.PROCESSING, attempts=1, claims=1, request_id="gone",
        created_at=now - 900, started_at=now - 800, lease_until=now - 700, due_at=now + 600,
    )  # fmt: skip
    parts.job_store.add(lost)
    send(kind, Message(lost.id, lost.gen, kind.name))
    while parts.job_store.get(lost.id).attempts == 1 and acting.work(kind):
        pass
    assert parts.job_store.get(lost.id).attempts == 2


def upload(key: str) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    bucket = parts.settings.files_bucket
    boto3.client("s3", region_name=REGION).put_object(Bucket=bucket, Key=key, Body=picture.getvalue())


def until_done(acting: Stage, kind: jobtype.JobType[Any, Any], job_id: str) -> None:
    """Let workers run until the job is completed; a message of its earlier run may come in between."""
    for _ in range(5):
        acting.work(kind)
        if parts.job_store.get(job_id).status is Status.COMPLETED:
            return
    raise AssertionError(f"{kind.name} was not completed")


def large(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Send payloads and results that DynamoDB cannot hold through S3, in every function."""
    job = a_job(payload={**MAIL, "text": LARGE}, status=Status.FAILED, created_at=time.time())
    with acting.recorder.acting_as("api"):
        parts.job_store.add(job)
    acting.call("POST", f"/jobs/{job.id}/retry", {}, "/jobs/{job_id}/retry")
    acting.work(mail)
    edited = a_job(payload={**MAIL, "text": LARGE}, status=Status.FAILED, created_at=time.time())
    with acting.recorder.acting_as("api"):
        parts.job_store.add(edited)
    acting.call("POST", f"/jobs/{edited.id}/retry", {"payload": MAIL}, "/jobs/{job_id}/retry")
    past = "/jobs/{job_id}/payloads/{gen}"
    status, answer = acting.call("GET", f"/jobs/{edited.id}/payloads/1", None, past)
    assert status == 200, answer
    assert answer["payload"]["text"] == LARGE
    acting.work(mail)


def look(acting: Stage, job_id: str) -> None:
    for path in ("/jobs?limit=5", "/jobs?status=failed", "/jobs?type=email.send&status=completed", "/metrics",
                 "/metrics/series?metric=throughput", "/metrics/health", "/metrics/flow", "/errors", "/me", "/meta",
                 "/jobs?fingerprint=0123456789ab", "/schedules", "/jobs?schedule=daily",
                 "/job-types", "/health", "/openapi.json"):  # fmt: skip
        status, answer = acting.call("GET", path)
        assert status == 200, answer
    one = "0123456789ab"
    assert acting.call("GET", f"/errors/{one}", None, "/errors/{fingerprint}")[0] == 200
    for rest in ("", "/logs"):
        acting.call("GET", f"/jobs/{job_id}{rest}", resource="/jobs/{job_id}" + rest)


def queued(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Let a job wait for its turn behind many others."""
    turns = parts.turns
    turns.turns(mail.name, Rate(500), 10_000, time.time())
    created(acting, mail.name, mail.example)
    acting.work(mail)
    turns.forget(mail.name, turns.taken(mail.name).turns_to)


def watch(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Handle a lost message, a message in the dead-letter queue without a claim, and a stale message."""
    now = time.time()
    lost = a_job(payload={**MAIL, "text": LARGE}, created_at=now - 4 * 86_400, due_at=now - 60)
    unclaimed, done = (a_job(created_at=now, due_at=now + 600, status=status) for status in DEAD_OR_DONE)
    crashed = a_job(
        status=Status.PROCESSING, attempts=3, max_attempts=3, created_at=now - 900, started_at=now - 800,
        lease_until=now - 700, due_at=now - 600, sent=True,
    )  # fmt: skip
    for job in (lost, unclaimed, done, crashed):
        parts.job_store.add(job)
    for job in (unclaimed, done, crashed):
        send(mail, Message(job.id, job.gen, job.type), "-dlq")
    late = a_job(created_at=now - 900, due_at=now - 60)
    parts.job_store.add(late)
    assert acting.hand_over(mail.name, [late.id]) == {"resent": 1}
    fire(acting)
    acting.watch()


def places(acting: Stage, mail: jobtype.JobType[Any, Any]) -> None:
    """Cancel a job that has a place, for which another one waits; leave a third one to the watchdog."""
    jobtype.registered[mail.name] = replace(mail, limits=(AtMost(99),))
    assert acting.call("GET", "/limits")[0] == 200
    for method, body in (("GET", None), ("PUT", {"n": 98}), ("DELETE", {}), ("PUT", {"n": 97})):
        assert acting.call(method, f"/limits/1.{mail.name}", body, "/limits/{limit_name}")[0] == 200
    jobtype.registered[mail.name] = mail
    first = woken(mail)
    blocked(mail, due_at=time.time() + 600)
    acting.call("POST", f"/jobs/{first}/cancel", {}, "/jobs/{job_id}/cancel")
    blocked(mail, due_at=time.time() - 60)


def woken(mail: jobtype.JobType[Any, Any]) -> str:
    """Return a job that has a place of a limit, and was woken; with a blocked job behind it."""
    now, limit = time.time(), Limit(f"1.{mail.name}", 99)
    job = a_job(
        type=mail.name, payload=mail.example, waits=f"limit:{limit.id}", claims=1, passed=1, sent=True, created_at=now
    )
    parts.job_store.add(job)
    held = limited(job, now)
    position = parts.place_store.position(limit, "a hash", held.rank)
    waiter = replace(held.waiter, position=position)
    assert parts.place_store.take(limit, job.id, held.name) or parts.place_store.grant(limit, waiter, position)
    blocked(mail, due_at=now + 600)
    return job.id


def blocked(mail: jobtype.JobType[Any, Any], due_at: float) -> None:
    now, limit = time.time(), Limit(f"1.{mail.name}", 99)
    job = a_job(
        type=mail.name, payload=mail.example, status=Status.BLOCKED, waits=f"limit:{limit.id}", claims=1, passed=1,
        created_at=now - 900, parked_until=due_at, due_at=due_at,
    )  # fmt: skip
    parts.job_store.add(job)
    parts.place_store.stand(limit, limited(job, now).waiter)
    parts.place_store.mark(limit, mail.name)


def fire(acting: Stage) -> None:
    """Fire a due schedule, a schedule that the code no longer declares, and one that was changed meanwhile."""
    now = time.time()
    plain = Schedule("often", "email.send", "* * * * *", "UTC", MAIL, created_at=now, next_at=now - 30, writer="1")
    for one in (plain, replace(plain, id="email.send-gone", declared=True)):
        parts.schedules.add(one)
    with acting.recorder.acting_as("watchdog"):
        parts.firings._portion([replace(plain, writer="stale")])


def send(kind: jobtype.JobType[Any, Any], message: Message, suffix: str = "") -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName=f"{STACK}-{kind.short}{suffix}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=write_message(message))
