"""Decide which ends a webhook gets, and the state of a receiver after a delivery that succeeded or failed. Pure."""

from dataclasses import replace
from enum import Enum, auto
from http import HTTPStatus

from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import shown
from chalicelib.webhooks.constants import (
    DISABLED_AFTER,
    FAILING_AFTER,
    FAILURES_IN_A_ROW,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_TURNED_AWAY,
    TRYING,
)
from chalicelib.webhooks.webhook import EVERY_TYPE, State, Webhook

GONE_WHY, FAILED_WHY = "The receiver answered 410.", "Every delivery failed for three days."


def is_told(webhook: Webhook, job: Job, status: str) -> bool:
    """Return whether this webhook gets the end of this job with this `status`."""
    if webhook.statuses and status not in webhook.statuses:
        return False
    return webhook.name in job.notify or _matches(webhook, job)


def _matches(webhook: Webhook, job: Job) -> bool:
    if EVERY_TYPE not in webhook.types and job.type not in webhook.types:
        return False
    return set(webhook.tags) <= set(shown(job.tags))


def is_accepted(status: int) -> bool:
    """Return whether a receiver that answers with this HTTP status has accepted the message."""
    return 200 <= status < 300


def is_gone(status: int) -> bool:
    """Return whether a receiver that answers with this HTTP status wants no further messages (410 Gone)."""
    return status == HTTPStatus.GONE


class Go(Enum):
    """Say if a delivery may be sent now."""

    SEND = auto()
    TRY = auto()
    """Only one delivery may try whether the receiver works again: it must first write `tried`."""
    WAIT = auto()
    DISABLED = auto()


def may_send(state: State, now: float) -> Go:
    """Return whether a delivery may be sent now."""
    if state.disabled_at is not None:
        return Go.DISABLED
    if state.failures < FAILURES_IN_A_ROW:
        return Go.SEND
    return Go.WAIT if now < (state.closed_until or 0.0) else Go.TRY


def tried(state: State, now: float) -> State:
    """Return the state while one delivery tries whether the receiver works again: the others wait."""
    return _next(replace(state, closed_until=now + TRYING))


def failed(state: State, now: float, why: str, *, gone: bool = False) -> State:
    """Return the state after a delivery that failed at `now`; `gone`: the receiver wants no further messages.

    The webhook is disabled if it is gone, or if every delivery of the last three days has failed.
    """
    failures, since = state.failures + 1, state.failing_since or now
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - FAILURES_IN_A_ROW, 16))
    closed = now + pause if failures >= FAILURES_IN_A_ROW else None
    after = replace(state, failures=failures, failing_since=since, closed_until=closed)
    if gone or (failures >= FAILURES_IN_A_ROW and now - since >= DISABLED_AFTER):
        after = replace(after, disabled_at=now, why=why)
    return _next(after)


def is_failing(state: State, now: float) -> bool:
    """Return whether the receiver has failed so long that a person must look at it."""
    since = state.failing_since
    return state.failures >= FAILURES_IN_A_ROW and since is not None and now - since >= FAILING_AFTER


def anew(state: State) -> State:
    """Return the state after a success, or after a person has changed the URL or enabled the webhook."""
    return State(number=state.number + 1)


def turned_away(state: State, now: float, age: float) -> float:
    """Return the seconds until a delivery of this age, which started during a pause, starts again."""
    return max((state.closed_until or now) - now, min(age / 2, LONGEST_TURNED_AWAY))


def _next(state: State) -> State:
    return replace(state, number=state.number + 1)
