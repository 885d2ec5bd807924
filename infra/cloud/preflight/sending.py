"""Check what SES lets this account send: the sandbox, the rate, the daily quota."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding

SENDING = "ses:SendEmail"
NEARLY = 0.8
"""Share of the daily quota that must be used before a finding reports it."""
HIGHER = 2
"""SES's rate is reported only if it is at most the stage's rate multiplied by this factor. AWS raises the rate of good
senders."""
LEAST, MOST = 1, 500
"""Smallest and largest number of mails per second that the parameter `MailRate` accepts as a limit."""


def look(asking: Asking, types: Sequence[JobType[Any, Any]]) -> Mapping[str, Any] | None:
    """Return SES's limits; None if no type sends mail, or if SES does not answer."""
    return asking.ask("mail quota", "sesv2", "get_account") if _senders(types) else None


def defaults(
    allowed: Mapping[str, Any] | None, types: Sequence[JobType[Any, Any]], named: Collection[str], *, new: bool
) -> dict[str, str]:
    """Return a `MailRate` for a first deployment if its workers may send faster than SES allows; else nothing."""
    if allowed is None or not allowed.get("ProductionAccessEnabled", False):
        # do not store the sandbox's limit of one mail a second, because the parameter would keep it after the account
        # has left the sandbox
        return {}
    rate = allowed.get("SendQuota", {}).get("MaxSendRate", 0.0)
    wanted = new and "MailRate" not in named and LEAST <= rate < _workers(types)
    return {"MailRate": f"{min(int(rate), MOST)}"} if wanted else {}


def findings(
    allowed: Mapping[str, Any] | None, types: Sequence[JobType[Any, Any]], region: str, mail_rate: float
) -> Iterator[Finding]:
    """Yield the limits of types that send mail. `mail_rate` is the future value of the parameter MailRate."""
    if allowed is None:
        return
    names = ", ".join(queue.key for queue in _senders(types))
    if not allowed.get("SendingEnabled", True):
        yield Finding("mail", f"SES has stopped this account from sending in {region}. Its console says why.")
    if not allowed.get("ProductionAccessEnabled", False):
        yield Finding(
            "mail", f"The account is in the SES sandbox in {region}: {names} reaches verified addresses only. Ask for "
            "production access (`aws sesv2 put-account-details --production-access-enabled …`).",
        )  # fmt: skip
    yield from _quota(allowed.get("SendQuota", {}), _workers(types), mail_rate)


def _senders(types: Sequence[JobType[Any, Any]]) -> list[TypeQueue]:
    return [queue for queue in queues_of(types) if SENDING in queue.access.grants]


def _workers(types: Sequence[JobType[Any, Any]]) -> int:
    return sum(queue.concurrency for queue in _senders(types))


def _quota(quota: Mapping[str, float], workers: int, mail_rate: float) -> Iterator[Finding]:
    rate, most, sent = (quota.get(name, 0.0) for name in ("MaxSendRate", "Max24HourSend", "SentLast24Hours"))
    if 0 < rate < workers and not 0 < mail_rate <= rate:
        yield Finding(
            "mail", f"SES takes {rate:g} mails a second, and up to {workers} workers send at once: what SES refuses "
            f'comes again later, and spends no attempt. Deploy with SET="MailRate={rate:g}", or ask for a higher rate.',
        )  # fmt: skip
    if mail_rate > 0 and HIGHER * mail_rate <= rate:
        told = f"MailRate is {mail_rate:g}, and SES takes {rate:g} mails a second by now"
        yield Finding("mail", f'{told}. Deploy with SET="MailRate={min(rate, MOST):g}" to send as many.')
    if most > 0 and sent >= NEARLY * most:
        yield Finding("mail", f"{sent:,.0f} of the {most:,.0f} mails of 24 hours are sent. Ask for a higher quota.")
