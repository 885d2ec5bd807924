"""Check that each message of a type with tenants has the group of its job's tenant."""

import hashlib
from collections.abc import Iterator, Sequence

from chalicelib.errors import MalformedMessage
from chalicelib.jobs.message import parse_message
from tests.proof.grounds.ground import BY_HAND, Ground, Received


def misgrouped(ground: Ground, batch: Sequence[Received]) -> list[str]:
    """Return what is wrong with the groups of received messages; the tenant of a job is the name in its payload."""
    with ground.faults.asleep():
        names = {(job.id, job.gen): job.payload["name"] for job in ground.jobs()}
    return list(_wrong(names, batch))


def _wrong(names: dict[tuple[str, int], str], batch: Sequence[Received]) -> Iterator[str]:
    for received in batch:
        try:
            message = parse_message(received.body)
        except MalformedMessage:
            continue
        name = names.get((message.id, message.gen))
        if name is not None and received.group not in (_group(name), BY_HAND):
            yield f"I18 a message of {name} was sent under {received.group}"


def _group(name: str) -> str:
    return name if " " not in name else hashlib.sha256(name.encode()).hexdigest()[:32]
