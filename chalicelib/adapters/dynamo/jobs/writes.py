"""Convert a `Change` to DynamoDB's condition and actions. The `Change` contains all decisions."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.adapters.dynamo.jobs.rows import (
    ALWAYS,
    BLANK,
    ELSEWHERE,
    AttemptRow,
    JobRow,
    stored,
)
from chalicelib.adapters.dynamo.jobs.shards import FOUR, Shards
from chalicelib.adapters.dynamo.tables.attributes import Whole
from chalicelib.jobs import job as j
from chalicelib.jobs import run_identity
from chalicelib.jobs.change import Change, Test
from chalicelib.jobs.job import Attempt
from chalicelib.jobs.listing import BY_TYPE, group, order_at
from chalicelib.jobs.retention import KEEP_BODIES

JUST_WRITTEN = 60.0
"""Seconds for which a row counts as just written: shorter than from the expiry of a job to the night after it."""
COMPARISONS: Mapping[str, Callable[[Any, Any], Condition]] = {
    "=": operator.eq,
    "<": operator.lt,
    "below": lambda attribute, other: attribute < getattr(JobRow, other),
    "due": operator.le,
    "until": operator.ge,
    "unset": lambda attribute, _: attribute == False,  # noqa: E712 - builds a condition
}


def condition(change: Change, now: float) -> Condition:
    """Return the condition of a change at `now` (epoch seconds); the condition must agree with `Change.allowed`."""
    whole: Condition = JobRow.status.is_in(*sorted(change.move.source)) & (JobRow.gen == change.gen)
    if change.move is not j.ERASE:  # an expired job that is still there is erased, too
        whole &= _kept(now)
    for test in change.tests:
        whole &= _test(test)
    return whole


def free(now: float) -> Condition:
    """Return the condition of a new job: no item, or an expired item that is not removed yet."""
    takeable: Condition = JobRow.pk.does_not_exist() | (JobRow.expires_at < now)
    return takeable


def unknown(lost: Attempt) -> Condition:
    """Return the condition of a lost attempt: no record, or a record of an expired job with the same id."""
    nothing: Condition = AttemptRow.pk.does_not_exist() | (AttemptRow.started_at < run_identity.since(lost.started_at))
    return nothing


def written_before(expires_at: Whole, now: float) -> Condition:
    """Return the condition that a row was written over a minute ago, by its expiry.

    Who writes such a row again, as a restore does, gives it the expiry of now: so nobody who has read the earlier
    expiry removes it as left of an expired job.
    """
    earlier: Condition = expires_at < now + KEEP_BODIES - JUST_WRITTEN
    return earlier


def actions(job_id: str, change: Change, bodies: Mapping[str, Any], shards: Shards = FOUR) -> list[Action]:
    """Return what the change writes; the actions must agree with `Change.applied`.

    `bodies` are payload, result or their references, and the signature.
    """
    fields = {name: stored(name, value) for name, value in change.written().items() if name not in ELSEWHERE}
    if "fingerprint" in change.written():
        fields["failure"] = shards.failure_of(job_id, change.written()["fingerprint"])
    fields |= _place(job_id, change, shards)
    written = [_set_or_remove(name, value) for name, value in {**fields, **bodies}.items()]
    return written + [getattr(JobRow, name).add(number) for name, number in change.increments.items()]


def _place(job_id: str, change: Change, shards: Shards) -> dict[str, str | None]:
    """Return the new values of the job's place in the sparse index; nothing if the change does not move the job."""
    target, parked_until = change.move.target, change.written().get("parked_until")
    if target is None:
        return {}
    if group(target) in BY_TYPE and not change.job_type:
        return {}  # a change without a job type leaves the job in its group
    placed = {"group": shards.group_of(job_id, target, change.job_type, parked=parked_until is not None)}
    return placed if change.first_due is None else {**placed, "order": order_at(change.first_due, job_id)}


def _kept(now: float) -> Condition:
    kept: Condition = JobRow.expires_at.does_not_exist() | (JobRow.expires_at >= now)
    return kept


def _set_or_remove(name: str, value: Any) -> Action:
    attribute = getattr(JobRow, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def _test(test: Test) -> Condition:
    attribute = getattr(JobRow, test.field)
    absent: Condition = attribute.does_not_exist()
    if test.op == "=" and stored(test.field, test.value) is None:
        return absent
    compared = COMPARISONS[test.op](attribute, test.value)
    # An absent attribute means the default of its field, and the default may satisfy the condition.
    return absent | compared if test.field not in ALWAYS and test.holds(BLANK) else compared
