"""The daily cap of email.send: counted before the send, held until the next UTC day, and no attempt spent."""

from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.assembly import parts
from chalicelib.builtin.mail import failure
from chalicelib.builtin.mail_cap import SPREAD, counted
from chalicelib.errors import JobFlowError
from chalicelib.jobs.job import Job, Status
from tests.handlers.support import Platform, settings
from tests.support import create_stores

DAY = 86_400


def sent() -> int:
    return len(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


@pytest.fixture
def capped(platform: Platform) -> Platform:
    """A stage that may send to three recipients a day."""
    create_stores(settings())
    parts.replace(settings=settings(MAIL_DAILY_CAP="3"), clock=platform.clock)
    return platform


def mail_to(platform: Platform, recipients: int) -> Job:
    payload: dict[str, Any] = {"subject": "Hello", "text": "Hi."}
    return platform.perform("email.send", payload | {"to": [f"p{n}@example.com" for n in range(recipients)]})


def test_mail_over_the_cap_waits_for_the_next_utc_day_and_spends_no_attempt(capped: Platform) -> None:
    assert mail_to(capped, 2).status == Status.COMPLETED
    held = mail_to(capped, 2)
    midnight = (capped.clock.now // DAY + 1) * DAY
    assert (held.status, held.attempts, held.error_class) == (Status.RETRYING, 0, "RetryLater")
    assert "3 a UTC day (MailDailyCap)" in (held.error_message or "")
    assert midnight < (held.next_attempt_at or 0) <= midnight + SPREAD + 1
    assert mail_to(capped, 1).status == Status.COMPLETED, "what is left of the day may be used"
    assert sent() == 2


def test_the_next_day_has_a_count_of_its_own(capped: Platform) -> None:
    mail_to(capped, 3)
    assert mail_to(capped, 1).status == Status.RETRYING
    capped.clock.now = (capped.clock.now // DAY + 1) * DAY
    assert mail_to(capped, 3).status == Status.COMPLETED


def test_mail_that_no_day_has_room_for_fails_at_once(capped: Platform) -> None:
    assert mail_to(capped, 4).status == Status.FAILED
    assert mail_to(capped, 3).status == Status.COMPLETED


def test_mail_that_ses_refused_is_not_counted(capped: Platform) -> None:
    parts.replace(settings=settings(MAIL_DAILY_CAP="3", MAIL_FROM="stranger@example.org"), clock=capped.clock)
    assert mail_to(capped, 3).status == Status.FAILED
    parts.replace(settings=settings(MAIL_DAILY_CAP="3"), clock=capped.clock)
    assert mail_to(capped, 3).status == Status.COMPLETED


@pytest.mark.parametrize(("code", "counts"), [("ServiceUnavailable", True), ("Throttling", False)])
def test_mail_that_may_be_out_stays_counted(capped: Platform, code: str, counts: bool) -> None:
    with pytest.raises(JobFlowError), counted(3):
        raise failure(code, "later")
    assert mail_to(capped, 1).status == (Status.RETRYING if counts else Status.COMPLETED)
