"""Test which ends a webhook is told, and when its receiver is given a pause or is disabled."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.webhooks import rule
from chalicelib.webhooks.constants import (
    DISABLED_AFTER,
    FAILURES_IN_A_ROW,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_TURNED_AWAY,
    TRYING,
)
from chalicelib.webhooks.rule import Go
from chalicelib.webhooks.webhook import State
from tests.chalicelib.webhooks.support import a_webhook
from tests.support import T0, a_job

JOB = a_job(type="report.generate", tags=("team:a", "daily", "tenant=acme"))


@pytest.mark.parametrize(
    ("settings", "notify", "told"),
    [
        ({}, (), False),
        ({}, ("billing",), True),
        ({}, ("other",), False),
        ({"statuses": ("failed",)}, ("billing",), False),
        ({"statuses": ("completed", "failed")}, ("billing",), True),
        ({"types": ("report.generate",)}, (), True),
        ({"types": ("*",)}, (), True),
        ({"types": ("email.send",)}, (), False),
        ({"types": ("email.send",)}, ("billing",), True),
        ({"types": ("*",), "tags": ("daily",)}, (), True),
        ({"types": ("*",), "tags": ("daily", "weekly")}, (), False),
        ({"types": ("*",), "tags": ("tenant=acme",)}, (), False),
        ({"types": ("*",), "statuses": ("cancelled",)}, (), False),
    ],
)
def test_a_webhook_is_told_what_names_it_or_fits(settings: dict[str, Any], notify: tuple[str, ...], told: bool) -> None:

    assert rule.is_told(replace(a_webhook(), **settings), replace(JOB, notify=notify), "completed") == told


def test_a_receiver_that_fails_is_given_longer_and_longer_pauses() -> None:
    state, now = State(), T0
    for _ in range(FAILURES_IN_A_ROW - 1):
        state = rule.failed(state, now, "x")
        assert rule.may_send(state, now) is Go.SEND
    pauses = []
    for _ in range(12):
        state = rule.failed(state, now, "x")
        assert state.closed_until is not None
        assert rule.may_send(state, state.closed_until - 1) is Go.WAIT
        pauses.append(state.closed_until - now)
        now = state.closed_until
        assert rule.may_send(state, now) is Go.TRY
        trying = rule.tried(state, now)
        assert rule.may_send(trying, now + TRYING - 1) is Go.WAIT
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert pauses == sorted(pauses)
    assert rule.may_send(rule.anew(state), now) is Go.SEND


def test_a_webhook_is_disabled_after_three_days_without_a_success_or_if_it_is_gone() -> None:
    first = State()
    for _ in range(FAILURES_IN_A_ROW - 1):
        first = rule.failed(first, T0, "x")
    assert rule.failed(first, T0 + DISABLED_AFTER - 1, "x").disabled_at is None
    late = rule.failed(first, T0 + DISABLED_AFTER, "HTTP 500")
    assert (late.disabled_at, late.why) == (T0 + DISABLED_AFTER, "HTTP 500")
    assert rule.may_send(late, T0 + 99 * DISABLED_AFTER) is Go.DISABLED
    again = rule.failed(rule.anew(first), T0 + DISABLED_AFTER, "x")
    assert again.disabled_at is None
    two = rule.failed(rule.failed(State(), T0, "x"), T0 + 2 * DISABLED_AFTER, "x")
    assert two.disabled_at is None, "two messages in six days say little about a receiver"
    assert rule.failed(State(), T0, "gone", gone=True).disabled_at == T0


def test_a_delivery_that_has_waited_long_comes_again_less_often() -> None:
    state = State(failures=9, closed_until=T0 + 30)
    assert [rule.turned_away(state, T0, age) for age in (0, 600, 86_400)] == [30, 300, LONGEST_TURNED_AWAY]
