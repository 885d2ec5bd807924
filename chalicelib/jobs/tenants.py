"""Say whose job it is, by a field of the payload: SQS takes turns among the tenants of a queue. Pure."""

import hashlib
import re
from collections.abc import Sequence

from chalicelib.jobs.job import JSON

TAG = "tenant="
"""Begins the tag in which a job keeps its tenant, so that every index has it. A caller's tag has no equals sign."""
LONGEST, HEAD = 64, 40
"""Most bytes of a tenant in a job, and how many of a longer one stay readable. Each write of the job contains them."""
GROUP = re.compile(r"[\x21-\x7e]{1,128}")
"""A `MessageGroupId`: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


def kept(tenant: str) -> str:
    """Return a tenant as a job keeps it: one of more than 64 bytes as its first 40 and a hash of the whole."""
    raw = tenant.encode("utf-8", "replace")
    return raw.decode() if len(raw) <= LONGEST else f"{raw[:HEAD].decode(errors='ignore')}~{_hash(raw)[:16]}"


def tag_of(tenant: str) -> str:
    """Return the tag that keeps a tenant."""
    return TAG + kept(tenant)


def tagged(tags: Sequence[str], field: str | None, payload: JSON) -> tuple[str, ...]:
    """Return a job's tags, with the tag of its tenant if the type names a field for it and the payload fills it."""
    tenant = None if field is None else _value_at(payload, field)
    return (*shown(tags), *([tag_of(tenant)] if tenant else []))


def tenant_of(tags: Sequence[str]) -> str | None:
    """Return the tenant among the tags of a job; None without one."""
    return next((tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)), None)


def shown(tags: Sequence[str]) -> list[str]:
    """Return the tags of a job without the one of its tenant."""
    return [tag for tag in tags if not tag.startswith(TAG)]


def group_of(tags: Sequence[str]) -> str | None:
    """Return the MessageGroupId of a job's messages: its tenant, or a hash if SQS refuses that; None without one."""
    tenant = tenant_of(tags)
    return tenant if tenant is None or GROUP.fullmatch(tenant) else _hash(tenant.encode())[:32]


def _value_at(payload: JSON, path: str) -> str | None:
    for part in path.split("."):
        payload = payload.get(part) if isinstance(payload, dict) else None
    return None if payload is None else str(payload)


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
