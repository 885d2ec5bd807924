"""Find the tenant of a job in a field of its payload. SQS delivers the messages of a queue's tenants in turn. Pure."""

import hashlib
import re
from collections.abc import Sequence

from chalicelib.jobs.constants import LONGEST_TENANT, TENANT_HEAD
from chalicelib.jobs.job import JSON

TAG = "tenant="
"""Prefix of the tag that stores a job's tenant, so that every index contains the tenant. A caller's tag cannot contain
an equals sign."""
GROUP = re.compile(r"[\x21-\x7e]{1,128}")
"""A `MessageGroupId`: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


def kept(tenant: str) -> str:
    """Return a tenant in stored form: a tenant of over 64 bytes is stored as its first 40 bytes and a hash of all."""
    raw = tenant.encode("utf-8", "replace")
    return (
        raw.decode() if len(raw) <= LONGEST_TENANT else f"{raw[:TENANT_HEAD].decode(errors='ignore')}~{_hash(raw)[:16]}"
    )


def tag_of(tenant: str) -> str:
    """Return the tag that stores a tenant."""
    return TAG + kept(tenant)


def tagged(tags: Sequence[str], field: str | None, payload: JSON) -> tuple[str, ...]:
    """Return a job's tags, with its tenant's tag if the type names a field for it and the payload sets the field."""
    tenant = None if field is None else value_at(payload, field)
    return (*shown(tags), *([tag_of(tenant)] if tenant else []))


def tenant_of(tags: Sequence[str]) -> str | None:
    """Return the tenant among the tags of a job; None without one."""
    return next((tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)), None)


def shown(tags: Sequence[str]) -> list[str]:
    """Return the tags of a job without its tenant's tag."""
    return [tag for tag in tags if not tag.startswith(TAG)]


def group_of(tags: Sequence[str]) -> str | None:
    """Return the MessageGroupId of a job's messages: the tenant, or a hash if SQS refuses that; None without one."""
    tenant = tenant_of(tags)
    return tenant if tenant is None or GROUP.fullmatch(tenant) else _hash(tenant.encode())[:32]


def value_at(payload: JSON, path: str) -> str | None:
    """Return the value of a field of a payload as text, by its path; None without one."""
    for part in path.split("."):
        payload = payload.get(part) if isinstance(payload, dict) else None
    return None if payload is None else str(payload)


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
