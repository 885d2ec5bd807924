"""Hold mail back when a stage has reached its daily limit (UTC)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.assembly import parts
from chalicelib.builtin.constants import HELD_MAIL_SPREAD
from chalicelib.errors import PermanentError, RetryLater
from chalicelib.jobs.constants import DAY
from chalicelib.telemetry import events

if TYPE_CHECKING:
    from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota

QUOTA = "email.send"


@contextmanager
def counted(recipients: int) -> Iterator[None]:
    """Count the recipients before the send in the block; do nothing without a cap (`MailDailyCap`).

    If the cap is reached, RetryLater is raised, with a wait until the next UTC day. PermanentError is raised for a mail
    with more recipients than the cap. A send that SES refused is subtracted again.
    """
    cap, now = parts.settings.mail_daily_cap, parts.clock()
    if not cap:
        yield
        return
    if recipients > cap:
        raise PermanentError(
            f"The mail has {recipients} recipients, and this stage may send to {cap} a day (MailDailyCap)."
        )
    quota, day = _quota(), int(now // DAY)
    if not quota.take(day, recipients, cap):
        wait = (day + 1) * DAY - now + random.uniform(1, HELD_MAIL_SPREAD)
        raise RetryLater(
            wait, f"This stage has reached its number of recipients for today: {cap} a UTC day (MailDailyCap)."
        )
    try:
        yield
    except (PermanentError, RetryLater):
        _give_back(quota, day, recipients)
        raise


def _give_back(quota: "DynamoDailyQuota", day: int, recipients: int) -> None:
    try:
        quota.give_back(day, recipients)
    except Exception as error:  # SES's refusal decides what happens to the job, even if the count stays too high
        events.store_failed(QUOTA, error)


def _quota() -> "DynamoDailyQuota":
    from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota

    return DynamoDailyQuota(parts.settings, QUOTA)
