"""Hold mail back when a stage has sent what it may send in a UTC day."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.assembly import parts
from chalicelib.errors import PermanentError, RetryLater
from chalicelib.jobs.limits import DAY
from chalicelib.telemetry import events

if TYPE_CHECKING:
    from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota

QUOTA = "email.send"
SPREAD = 900
"""Seconds after midnight within which held mail comes again: all at once would be more than SES takes."""


@contextmanager
def counted(recipients: int) -> Iterator[None]:
    """Count the recipients of the send in the block, before it; does nothing without a cap (`MailDailyCap`).

    Raises RetryLater until the next UTC day when the cap is reached, and PermanentError for a mail that has more
    recipients than a day may have. A send that SES refused is taken out of the count again.
    """
    cap, now = parts.settings.mail_daily_cap, parts.clock()
    if not cap:
        yield
        return
    if recipients > cap:
        raise PermanentError(f"It has {recipients} recipients, and this stage sends to {cap} a day (MailDailyCap).")
    quota, day = _quota(), int(now // DAY)
    if not quota.take(day, recipients, cap):
        wait = (day + 1) * DAY - now + random.uniform(1, SPREAD)
        raise RetryLater(
            wait, f"This stage has sent to as many recipients as it may today: {cap} a UTC day (MailDailyCap)."
        )
    try:
        yield
    except (PermanentError, RetryLater):
        _give_back(quota, day, recipients)
        raise


def _give_back(quota: "DynamoDailyQuota", day: int, recipients: int) -> None:
    try:
        quota.give_back(day, recipients)
    except Exception as error:  # the refusal says what to do with the job; a count that is too high does not
        events.store_failed(QUOTA, error)


def _quota() -> "DynamoDailyQuota":
    from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota

    return DynamoDailyQuota(parts.settings, QUOTA)
