"""Look at what SES lets this account send: the sandbox, the rate, the day's quota."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.jobs.types.jobtype import JobType
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding

SENDING = "ses:SendEmail"
NEARLY = 0.8
"""Share of the day's quota that is used up, from which on it is told."""


def findings(asking: Asking, types: Sequence[JobType[Any, Any]], region: str, mail_rate: float) -> Iterator[Finding]:
    """Yield what limits the types that send mail; nothing when there is none. `mail_rate` is the parameter MailRate."""
    senders = [kind for kind in types if SENDING in kind.grants]
    found = asking.ask("mail quota", "sesv2", "get_account") if senders else None
    if found is None:
        return
    names = ", ".join(kind.name for kind in senders)
    if not found.get("SendingEnabled", True):
        yield Finding("mail", f"SES has stopped this account from sending in {region}. Its console says why.")
    if not found.get("ProductionAccessEnabled", False):
        yield Finding(
            "mail", f"The account is in the SES sandbox in {region}: {names} reaches verified addresses only. Ask for "
            "production access (`aws sesv2 put-account-details --production-access-enabled …`).",
        )  # fmt: skip
    yield from _quota(found.get("SendQuota", {}), senders, mail_rate)


def _quota(quota: Mapping[str, float], senders: Sequence[JobType[Any, Any]], mail_rate: float) -> Iterator[Finding]:
    rate, most, sent = (quota.get(name, 0.0) for name in ("MaxSendRate", "Max24HourSend", "SentLast24Hours"))
    workers = sum(kind.concurrency for kind in senders)
    if 0 < rate < workers and not 0 < mail_rate <= rate:
        yield Finding(
            "mail", f"SES takes {rate:g} mails a second, and up to {workers} workers send at once: what SES refuses "
            f'comes again later, and spends no attempt. Deploy with SET="MailRate={rate:g}", or ask for a higher rate.',
        )  # fmt: skip
    if most > 0 and sent >= NEARLY * most:
        yield Finding("mail", f"{sent:,.0f} of the {most:,.0f} mails of 24 hours are sent. Ask for a higher quota.")
