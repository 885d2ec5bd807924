"""Provide the type that delivers, which no stage has unless it wants it, and webhooks."""

import uuid
from dataclasses import replace
from typing import Any

from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job
from chalicelib.producing.service import JobService
from chalicelib.webhooks.maker import Owed, asked
from chalicelib.webhooks.webhook import Webhook
from tests.support import T0, a_job

_before = dict(registered)
from chalicelib.entry.optional.webhook_deliver import webhook_deliver as DELIVERING  # noqa: E402, N812

registered.clear()
registered.update(_before)

__all__ = ["DELIVERING", "a_delivery", "a_webhook"]

URL = "https://hooks.example.com/jobflow?a=1"


def a_webhook(name: str = "billing", **fields: Any) -> Webhook:
    """Return a webhook that is told only the ends of jobs which name it."""
    plain = Webhook(name, URL, registration=f"of-{name}", created_at=T0 - 60, told_since=T0 - 60)
    return replace(plain, writer=uuid.uuid4().hex[:12], **fields)


def a_delivery(service: JobService, webhook: Webhook, **fields: Any) -> Job:
    """Make the delivery of an end, and return it."""
    ended = a_job(**{"status": "completed", "finished_at": T0, **fields})
    return service.submit(asked(Owed(ended, webhook, has_result=False))).job
