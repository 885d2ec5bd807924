"""Find problems of this account before a change set is computed. Each finding is one line with a solution."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.cloud.account import Account
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding
from infra.definition.parameters import NO_CERTIFICATE, parameters

API_NEEDS = 10
"""Concurrent invocations that stay free for the API, the watchdog and the counters."""
SENDING = "ses:SendEmail"
NOT_THERE = "NotFoundException"


@dataclass(frozen=True, slots=True)
class Identity:
    """An SES identity in the account."""

    verified: bool
    configuration_set: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the account. A field is None if its request was refused; `refused` has the reasons, by subject."""

    concurrency: int | None
    identity: Identity | None
    identity_exists: bool
    refused: Mapping[str, str]
    unreserved: int | None = None


def look(account: Account, identity: str) -> Facts:
    """Read the account; a refused request becomes a finding, not an error."""
    asking = Asking(account)
    ask, refused = asking.ask, asking.refused
    limits = ask("concurrency", "lambda", "get_account_settings")
    found = ask("mail", "sesv2", "get_email_identity", EmailIdentity=identity)
    missing = refused.get("mail") == NOT_THERE
    if missing:
        del refused["mail"]
    return Facts(
        limits["AccountLimit"]["ConcurrentExecutions"] if limits else None,
        _identity(found) if found else None,
        not missing,
        refused,
        limits["AccountLimit"].get("UnreservedConcurrentExecutions") if limits else None,
    )


def chosen(known: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every parameter: its known value, or else its default."""
    return {name: str(about.get("Default", "")) for name, about in parameters().items()} | dict(known)


def findings(
    values: Mapping[str, str], facts: Facts, types: Sequence[JobType[Any, Any]], region: str, more: int = 0
) -> list[Finding]:
    """Return the problems of a deployment with these parameters in this account; blocking findings come first.

    `more`: concurrent invocations that this deployment reserves in addition to those that its stage has reserved.
    """
    found = [
        *_mail(values, facts, types, region),
        *_concurrency(facts, types, more),
        *_network(values, types),
        *_domain(values),
        *(Finding(about, f"could not be looked at ({why}).") for about, why in facts.refused.items()),
    ]
    return sorted(found, key=lambda finding: not finding.stops)


def _identity(found: Mapping[str, Any]) -> Identity:
    return Identity(bool(found.get("VerifiedForSendingStatus")), found.get("ConfigurationSetName", ""))


def _mail(
    values: Mapping[str, str], facts: Facts, types: Sequence[JobType[Any, Any]], region: str
) -> Iterator[Finding]:
    senders = [kind.name for kind in types if SENDING in kind.access.grants]
    if not senders:
        return
    name = values["MailIdentity"]
    if values["MailFrom"] == parameters()["MailFrom"]["Default"]:
        yield Finding(
            "mail", f"{', '.join(senders)} would send from {values['MailFrom']}, which no mailbox has. Deploy "
            'with SET="MailFrom=jobs@your.domain MailIdentity=your.domain".',
        )  # fmt: skip
    elif not facts.identity_exists or (facts.identity and not facts.identity.verified):
        state = "has not verified" if facts.identity else "has no identity"
        yield Finding(
            "mail", f"SES {state} {name} in {region}, and sends nothing from it. "
            f"`aws sesv2 create-email-identity --email-identity {name}`, then set the DNS records that it names.",
        )  # fmt: skip
    if facts.identity and facts.identity.configuration_set != values["MailConfigurationSet"]:
        wanted = facts.identity.configuration_set
        yield Finding(
            "mail", f"The default configuration set of {name} is {wanted or 'none'}, and SES wants the right to use it."
            f' Deploy with SET="MailConfigurationSet={wanted}".',
        )  # fmt: skip


def _concurrency(facts: Facts, types: Sequence[JobType[Any, Any]], more: int) -> Iterator[Finding]:
    if facts.concurrency is None:
        return
    together = sum(queue.concurrency for queue in queues_of(types))
    # workers share all concurrency that no stage has reserved
    left = (facts.concurrency if facts.unreserved is None else facts.unreserved) - more
    if together + API_NEEDS > left:
        beside = f", {left} of them beside what is reserved" if left != facts.concurrency else ""
        yield Finding(
            "concurrency", f"The account runs {facts.concurrency} functions at once{beside}; the job types may take "
            f"{together} and the API needs {API_NEEDS}: under load requests fail or jobs wait. Ask Service Quotas for "
            "more (L-B99A9384), or lower the concurrency of their Function(…).",
        )  # fmt: skip


def _domain(values: Mapping[str, str]) -> Iterator[Finding]:
    if values["SiteDomain"] and (
        values["SiteCertificate"] == NO_CERTIFICATE or ":acm:us-east-1:" not in values["SiteCertificate"]
    ):
        yield Finding(
            "domain", f"SiteDomain={values['SiteDomain']} needs a certificate that CloudFront takes: issue one in "
            'us-east-1, and deploy with SET="SiteCertificate=arn:aws:acm:us-east-1:…".', stops=True,
        )  # fmt: skip


def _network(values: Mapping[str, str], types: Sequence[JobType[Any, Any]]) -> Iterator[Finding]:
    inside = [queue.key for queue in queues_of(types) if queue.function.vpc]
    missing = [name for name in ("VpcSubnets", "VpcSecurityGroups") if not values[name]]
    if inside and missing:
        yield Finding(
            "network", f"{', '.join(inside)} says vpc=True, and there is no {' and no '.join(missing)}. Deploy with "
            'SET="VpcSubnets=subnet-1,subnet-2 VpcSecurityGroups=sg-1".', stops=True,
        )  # fmt: skip
