"""Compute what a stage's parameters change in its bill, and what it pays beside its jobs. Pure.

The parameters are those of `deploy --set`. `WITHOUT_PRICE` and `UNKNOWN` have those that do not change the bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.access.constants import LAST_USE_EVERY, TOKEN_TRUSTED
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.traces.constants import SECRET_READ_AGAIN
from chalicelib.usage.constants import ACCESS_KB, MILLION, REQUEST_WRITE_UNITS
from infra.cloud.cost.calculation import BUSY, MINUTES, WATCHDOG_LOG_BYTES, Line, Load
from infra.cloud.cost.prices import NONE, PRICES, UNCONFIRMED, Allowances, Prices
from infra.cloud.cost.webhooks import FOLLOWED, FOLLOWUP_MB
from infra.cloud.stack.parameters import refuse_unknown, refuse_wrong
from infra.definition.parameters import parameters

VISITS = 1_000
FILES_A_VISIT, KB_A_VISIT = 25, 180
"""Opened consoles of the example. Requests of one, with the pages that are looked at; and its kilobytes, compressed, at
most what `npm run size` allows for the first view."""
SIGN_INS, SIGN_IN_WRITES = 1_000, 9
"""Sign-ins of the example, and the write units of each: its nonce, its session, two for its entry in the audit log and
one in the index, and two for each of two limits of requests, of the address and of the person: it begins a window."""
MAILS = 1_000
"""Alarm mails of the example."""
KEY_MINUTES = 5
"""Minutes for which DynamoDB and SQS keep a data key, for each caller: each needs a request to KMS afterwards. This is
SQS's default, and DynamoDB's cache of a table's key."""
SENDERS = 4
"""Functions that may send to a queue: the API, the follow-up, the watchdog, the recount. A sender needs two requests to
KMS for a data key (GenerateDataKey and Decrypt), a receiver one."""
TABLES = 2
FUNCTIONS = 5
"""Functions beside the workers: the API, the counters, the follow-up, the watchdog, the recount."""
SPAN_CHANGES, SPANS, SPAN_KB = 3, 3, 0.7
"""Changes of a job without retries that the function `followup` gets in a stage that exports spans; its spans, without
steps; and the kilobytes of a span in a request."""
SPAN_SECONDS = 0.2
"""Billed time of such an invocation, with the answer of the collector. An estimate."""
WITHOUT_PRICE = frozenset(
    {
        "ApiBurst", "ApiConcurrency", "ApiDomain", "ApiOrigin", "CursorSecret", "IndexShards", "MailConfigurationSet",
        "MailDomains", "MailFrom", "MailIdentity", "PermissionsBoundary", "Protect", "RateLimitWindow", "ReadUnitsMax",
        "RolePath", "ShiftTraffic", "SignInAdmins", "SignInAuthorizeUrl", "SignInClientId", "SignInGroupsClaim",
        "SignInLabelClaim", "SignInName", "SignInOperators", "SignInScopes", "SignInTokenUrl", "SignInViewers",
        "SigningKey", "SiteCertificate", "SiteDomain", "TraceUrl", "UnsignedUntil", "VpcSecurityGroups",
    }
)  # fmt: skip
"""Parameters that change nothing that AWS bills for the stage."""
UNKNOWN = frozenset({"LogLevel", "MailDailyCap", "MailRate", "VpcSubnets"})
"""Parameters whose price depends on what this calculation does not know: the bytes of the lines at the level DEBUG, the
number of e-mails, and the stage's network (a NAT gateway)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a stage, all of them, as text."""

    values: Mapping[str, str]

    def number(self, name: str) -> int:
        """Return the value of a parameter that is a number."""
        return int(self.values[name])

    def is_on(self, name: str) -> bool:
        """Return whether a parameter is given, and is not `false` or 0."""
        return self.values[name] not in ("", "false", "0")

    @property
    def shards(self) -> int:
        """Return the number of partitions of each index that are read."""
        return self.number("IndexShardsRead")

    @property
    def access_kb(self) -> float:
        """Return the kilobytes of a request in the access log."""
        return ACCESS_KB if self.is_on("AccessLogs") else 0.0

    @property
    def request_units(self) -> float:
        """Return the write units of the rate limit for a request."""
        return REQUEST_WRITE_UNITS if self.is_on("RateLimitMax") else 0.0

    def needs(self, load: Load) -> dict[str, float]:
        """Return what one job needs on this stage, as `Load.of_one_job`."""
        found = load.of_one_job()
        found["access_log_kb"] = self.access_kb / load.in_request
        found["write_unit"] -= (REQUEST_WRITE_UNITS - self.request_units) / load.in_request
        return found


def settings(given: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a stage: the given parameters, and the defaults of the others. Raises CloudError."""
    declared = parameters()
    chosen = dict(given or {})
    refuse_unknown(declared, chosen)
    refuse_wrong(declared, chosen)
    return Settings({name: str(about.get("Default", "")) for name, about in declared.items()} | chosen)


DEFAULTS = settings()


def lines(
    types: Sequence[JobType[Any, Any]], of: Settings = DEFAULTS, free: Allowances = NONE, prices: Prices = PRICES
) -> list[Line]:
    """Return what the settings add to a month, in addition to the idle stage and its jobs."""
    return [
        *(_site(free, prices) if of.is_on("Dashboard") else ()),
        *(_firewall(prices) if of.is_on("Dashboard") and of.is_on("WebAclArn") else ()),
        *(_key(types, free, prices) if of.is_on("KmsKeyArn") else ()),
        *(_mails(free, prices) if of.is_on("AlarmEmail") or of.is_on("AlarmTopicArn") else ()),
        *(_sign_ins(prices) if of.is_on("SignInIssuer") else ()),
        *(_exported(prices) if of.is_on("OtlpEndpoint") else ()),
        *(_headers(prices) if of.is_on("OtlpSecret") else ()),
        *_kept_logs(of, prices),
        *_tokens(prices),
    ]


def changed(of: Settings) -> list[str]:
    """Return the parameters that differ from the defaults, as they are given to `deploy`; without secrets."""
    shown = [name for name, about in parameters().items() if not about.get("NoEcho")]
    return [f"{name}={of.values[name]}" for name in shown if of.values[name] != DEFAULTS.values[name]]


def _site(free: Allowances, prices: Prices) -> list[Line]:
    requests, gigabytes = VISITS * FILES_A_VISIT, VISITS * KB_A_VISIT / MILLION
    return [
        _line(f"CloudFront requests, {VISITS:,} consoles", requests, free.cdn_requests, prices, "cdn_request", MILLION),
        _line("CloudFront GB, the same", gigabytes, free.cdn_gb, prices, "cdn_gb"),
    ]


def _firewall(prices: Prices) -> list[Line]:
    requests = VISITS * FILES_A_VISIT
    return [
        Line("AWS WAF, a web ACL and a rule", 1, prices.waf_acl_month + prices.waf_rule_month),
        _line("AWS WAF requests, the consoles", requests, 0, prices, "waf_request", MILLION),
    ]


def _key(types: Sequence[JobType[Any, Any]], free: Allowances, prices: Prices) -> list[Line]:
    queues = queues_of(types)
    # each function uses both tables; a queue has its senders, and Lambda, which receives
    uses = TABLES * (FUNCTIONS + len(queues)) + sum(len(queue.keys) for queue in queues) * (2 * SENDERS + 1)
    requests = uses * MINUTES / KEY_MINUTES
    return [
        _line("KMS key", 1, 0, prices, "key_month"),
        _line("KMS requests, always in use", requests, free.key_requests, prices, "key_request", MILLION),
    ]


def _mails(free: Allowances, prices: Prices) -> list[Line]:
    return [
        _line("SNS messages, alarms", MAILS, free.topic_requests, prices, "topic_request", MILLION),
        _line("SNS e-mails, the same", MAILS, free.topic_mails, prices, "topic_mail", MILLION),
    ]


def _exported(prices: Prices) -> list[Line]:
    """Return what spans cost, if each change of a million jobs comes alone, and if they come in full batches."""
    invocations = SPAN_CHANGES * MILLION
    seconds = SPAN_SECONDS * FOLLOWUP_MB / 1024
    gigabytes = SPANS * SPAN_KB
    alone = prices.lambda_request + seconds * prices.lambda_gb_second_arm
    told = "spans of 1M jobs"
    return [
        Line(f"Lambda, {told}, one by one", invocations, SPAN_CHANGES * alone),
        Line(f"Lambda, {told}, in full batches", invocations / FOLLOWED, SPAN_CHANGES * alone / FOLLOWED),
        _line(f"GB to the internet, {told}", gigabytes, 0, prices, "out_gb"),
        _line("Metrics of alarms, spans", 1, 0, prices, "alarm_metric_month"),
    ]


def _headers(prices: Prices) -> list[Line]:
    reads = MINUTES * 60 / SECRET_READ_AGAIN
    return [
        _line("Secret with the headers for spans", 1, 0, prices, "secret_month"),
        _line("Its reads, by a process always in use", reads, 0, prices, "secret_request", MILLION),
    ]


def _kept_logs(of: Settings, prices: Prices) -> list[Line]:
    months = of.number("LogRetentionDays") / 30
    needs = of.needs(BUSY)
    jobs = needs["log_kb"] + needs["access_log_kb"]
    idle = MINUTES * WATCHDOG_LOG_BYTES / 1e9
    told = f"kept {of.number('LogRetentionDays')} days"
    return [
        _line(f"Log GB {told}, idle", idle * months, 0, prices, "log_kept_gb_month"),
        _line(f"Log GB {told}, 1M jobs a month", jobs * months, 0, prices, "log_kept_gb_month"),
    ]


def _tokens(prices: Prices) -> list[Line]:
    uses, reads = MINUTES * 60 / LAST_USE_EVERY, MINUTES * 60 / TOKEN_TRUSTED
    return [
        _line("Write units, last use of a token", uses, 0, prices, "write_unit", MILLION),
        _line("Read units, a token always in use", reads, 0, prices, "read_unit", MILLION),
    ]


def _sign_ins(prices: Prices) -> list[Line]:
    units = SIGN_INS * SIGN_IN_WRITES
    return [_line(f"Write units, {SIGN_INS:,} sign-ins", units, 0, prices, "write_unit", MILLION)]


def _line(what: str, amount: float, free: float, prices: Prices, price: str, units: int = 1) -> Line:
    """Return a line with the price of that name, which is for so many units. A star marks a price not confirmed."""
    dollars = max(0.0, amount - free) * getattr(prices, price) / units
    return Line(f"{what}*" if price in UNCONFIRMED else what, amount, dollars)
