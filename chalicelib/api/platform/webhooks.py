"""Serve webhooks: register, list, change, rotate, enable, delete, and their deliveries."""

from typing import Any
from urllib.parse import urlsplit

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply
from chalicelib.api.http.scoping import blank
from chalicelib.api.jobs.jobs import operations
from chalicelib.api.models import webhook_models as m
from chalicelib.assembly import parts
from chalicelib.errors import JobNotFound, WebhookNotFound
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import JOB_ID, WEBHOOK
from chalicelib.job_types.constants import DELIVER, OF_BATCH
from chalicelib.jobs.job import RETRYABLE, Job, Status
from chalicelib.jobs.listing import iso, read_cursor, write_cursor
from chalicelib.jobs.port import Filter
from chalicelib.jobs.tenants import shown
from chalicelib.webhooks.editing import ENDED, MESSAGE, Settings
from chalicelib.webhooks.events import operated
from chalicelib.webhooks.webhook import Registered

EXAMPLE = {"url": "https://hooks.example.com/jobflow", "types": ["report.generate"], "statuses": ["completed"]}
DISABLED = "WebhookDisabled"

endpoints = Endpoints()
blank(m.WebhookRow, "disabled_because")  # it has the answer of the receiver, which may repeat the message


@endpoints.get("/webhooks", m.WebhookList)
def list_webhooks(call: Call) -> m.WebhookList:
    """List the webhooks by name, with the state of each receiver. No answer contains a secret."""
    rows = [_row(one, call) for one in parts.webhook_service.all()]
    return m.WebhookList(webhooks=rows, available=DELIVER in jobtype.names())


@endpoints.get("/webhooks/{name}", m.WebhookRow)
def get_webhook(call: Call) -> m.WebhookRow:
    """Return a webhook with the state of its receiver, without its secret."""
    return _row(parts.webhook_service.get(_name_of(call)), call)


@endpoints.post(
    "/webhooks", m.NewSecret, body=m.NewWebhook, role=Role.ADMIN, statuses=(201, 409),
    examples={"reports": {"name": "billing", **EXAMPLE}}, audit=Audited("webhook.create", "webhook", made="name"),
)  # fmt: skip
def create_webhook(call: Call) -> Reply:
    """Register a webhook; the answer has its secret, which cannot be read again. 409 if the name is taken."""
    asked: m.NewWebhook = call.body
    made, secret = parts.webhook_service.create(asked.name, _settings(asked), call.person)
    operated(made.webhook, "created", call.principal)
    return Reply(_with_secret(made, secret), 201, {"Location": f"{call.here}/{asked.name}"})


@endpoints.put(
    "/webhooks/{name}", m.WebhookRow, body=m.WebhookSettings, role=Role.ADMIN, statuses=(200, 409),
    examples={"reports": EXAMPLE}, audit=Audited("webhook.change", "webhook", "name"),
)  # fmt: skip
def change_webhook(call: Call) -> m.WebhookRow:
    """Replace the settings of a webhook. Its secret stays; deliveries that wait go to the new URL."""
    changed = parts.webhook_service.change(_name_of(call), _settings(call.body))
    operated(changed.webhook, "changed", call.principal)
    return _row(changed, call)


@endpoints.delete(
    "/webhooks/{name}",
    m.WebhookRow,
    role=Role.ADMIN,
    statuses=(200, 409),
    audit=Audited("webhook.delete", "webhook", "name"),
)
def delete_webhook(call: Call) -> m.WebhookRow:
    """Delete a webhook and its secret; deliveries that wait fail. Returns the deleted webhook."""
    deleted = parts.webhook_service.delete(_name_of(call))
    operated(deleted.webhook, "deleted", call.principal)
    return _row(deleted, call)


@endpoints.post(
    "/webhooks/{name}/rotate",
    m.NewSecret,
    role=Role.ADMIN,
    statuses=(200, 409),
    audit=Audited("webhook.rotate", "webhook", "name"),
)
def rotate_webhook(call: Call) -> m.NewSecret:
    """Give a webhook another secret, which only this answer has. For a day, messages are signed with both."""
    changed, secret = parts.webhook_service.rotate(_name_of(call))
    operated(changed.webhook, "rotated", call.principal)
    return _with_secret(changed, secret)


@endpoints.post(
    "/webhooks/{name}/enable",
    m.WebhookRow,
    role=Role.ADMIN,
    statuses=(200, 409),
    audit=Audited("webhook.enable", "webhook", "name"),
)
def enable_webhook(call: Call) -> m.WebhookRow:
    """Enable a webhook that was disabled, or end its pause. This sends no failed delivery again. Safe to repeat."""
    enabled = parts.webhook_service.enable(_name_of(call))
    operated(enabled.webhook, "enabled", call.principal)
    return _row(enabled, call)


@endpoints.get("/webhooks/{name}/deliveries", m.DeliveryPage, query=m.DeliveriesQuery)
def list_deliveries(call: Call) -> m.DeliveryPage:
    """List the deliveries to a webhook, newest first. Follow `next_cursor` until it is null."""
    asked: m.DeliveriesQuery = call.query
    name = _name_of(call)
    secret, use = parts.settings.cursor_secret, f"deliveries to {name}"
    position = read_cursor(asked.cursor, Filter(), secret, use=use) if asked.cursor else None
    page = parts.webhook_service.deliveries(name, asked.limit, position)
    rows = [_delivery(job) for job in page.jobs]
    cursor = write_cursor(page.position, Filter(), secret, use) if page.position else None
    return m.DeliveryPage(deliveries=[row for row in rows if asked.state in (None, row.state)], next_cursor=cursor)


@endpoints.post(
    "/webhooks/{name}/deliveries/{delivery_id}/send-again",
    m.DeliveryRow,
    statuses=(200, 201, 409),
    examples={"again": {}},
    audit=Audited("webhook.send-again", "webhook", "name"),
)
def send_again(call: Call) -> Reply:
    """Send a message again under its webhook-id: a failed delivery runs again, for a delivered one a new one is made.

    The answer is 409 while the delivery waits or runs, and for a disabled webhook.
    """
    name, delivery_id = _name_of(call), call.path["delivery_id"].lower()
    if not JOB_ID.fullmatch(delivery_id):
        raise JobNotFound(call.path["delivery_id"][:64])
    again = parts.webhook_service.send_again(name, delivery_id, operations(call), call.correlation_id)
    return Reply(_delivery(again.job), 201 if again.new else 200)


def _name_of(call: Call) -> str:
    name = call.path["name"]
    if not WEBHOOK.fullmatch(name):
        raise WebhookNotFound(name)
    return name


def _settings(body: m.WebhookSettings) -> Settings:
    lists = (tuple(dict.fromkeys(values)) for values in (body.types, body.tags, body.statuses))
    return Settings(body.url, *lists)


def _fields(one: Registered) -> dict[str, Any]:
    webhook, state = one.webhook, one.state
    return {
        "name": webhook.name, "url": webhook.url, "types": list(webhook.types), "tags": list(webhook.tags),
        "statuses": list(webhook.statuses), "created_at": iso(webhook.created_at),
        "updated_at": iso(webhook.updated_at), "created_by": webhook.created_by,
        "rotated_at": iso(webhook.rotated_at), "failures": state.failures,
        "failing_since": _time(state.failing_since), "paused_until": _time(state.closed_until),
        "disabled_at": _time(state.disabled_at), "disabled_because": state.why,
    }  # fmt: skip


def _row(one: Registered, call: Call) -> m.WebhookRow:
    fields = _fields(one)
    if call.caller is None or not call.caller.role.may(Role.ADMIN):
        # the path and the query of many receivers are as good as a password
        shown = urlsplit(one.webhook.url)
        fields["url"] = f"{shown.scheme}://{shown.netloc}/…"
    return m.WebhookRow(**fields)


def _with_secret(one: Registered, secret: str) -> m.NewSecret:
    return m.NewSecret(**_fields(one), secret=secret)


def _delivery(job: Job) -> m.DeliveryRow:
    result: Any = job.result if isinstance(job.result, dict) else {}
    batch = _tagged(job, OF_BATCH)
    return m.DeliveryRow(
        id=job.id,
        webhook_id=_tagged(job, MESSAGE) or job.id,
        job_id=None if batch else job.parent,
        batch=batch,
        ended=_tagged(job, ENDED),
        state=_state(job),
        attempts=job.attempts,
        created_at=iso(job.created_at),
        finished_at=_time(job.finished_at),
        next_attempt_at=_time(job.next_attempt_at),
        status=result.get("status"),
        answer=result.get("answer") if job.status is Status.COMPLETED else job.error_message,
    )


def _state(job: Job) -> m.DeliveryState:
    if job.status is Status.COMPLETED:
        return "delivered"
    if job.status not in RETRYABLE:
        return "pending"
    return "disabled" if job.error_class == DISABLED else "failed"


def _tagged(job: Job, beginning: str) -> str | None:
    return next((tag.removeprefix(beginning) for tag in shown(job.tags) if tag.startswith(beginning)), None)


def _time(at: float | None) -> str | None:
    return None if at is None else iso(at)
