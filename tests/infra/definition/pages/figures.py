"""Say what docs/operations.md and docs/deploy.md tell about times and quantities, with the code's own figures in it."""

import re
from collections.abc import Iterator
from datetime import datetime

from chalicelib.access.tokens import REMEMBER
from chalicelib.adapters.dynamo.jobs.bodies import RENEW_WITHIN
from chalicelib.api.http.auth import POLICY_SECONDS
from chalicelib.api.models.views import MOST_TENANTS
from chalicelib.counters import deploys
from chalicelib.counters.health import HOUR, growth
from chalicelib.counters.history import MOST_DEAD, MOST_POINTS
from chalicelib.counters.recounting.recount import EVERY
from chalicelib.counters.snapshot import MOST_ASKED
from chalicelib.jobs.auto_pause import FIRST_COOLDOWN, LONGEST_COOLDOWN
from chalicelib.jobs.limits import (
    DAY,
    GIVE_UP_STALLED,
    KEEP_COUNTERS,
    KEEP_DEAD,
    KEEP_WAITING_KEYS,
    RETENTION,
    SPARE_RECEIVES,
    SQS_LONGEST_DELAY,
)
from chalicelib.jobs.types import jobtype
from chalicelib.telemetry.emf import Metric
from chalicelib.watchdog import dead_letter_rules, rules
from chalicelib.watchdog.dead_letters import MOST_SWEPT
from chalicelib.watchdog.run import MOST_SWEEPS
from chalicelib.watchdog.search import MOST_LOOKS
from chalicelib.worker import consume
from handlers.report_generate import SMOKE
from infra.cloud.cost.calculation import RECOUNTED_A_SECOND
from infra.cloud.cost.prices import PRICES
from infra.cloud.package.shift import ADDED, HOW
from infra.cloud.package.size import LARGEST
from infra.cloud.preflight import production
from infra.cloud.preflight.basics import API_NEEDS
from infra.cloud.smoke.functions import asked
from infra.cloud.stack import history, monitoring
from infra.definition.data.queues import DLQ_RETENTION
from infra.definition.lambdas.functions import ScheduleTrigger, StreamTrigger, functions
from infra.definition.monitoring.alarm import MINUTE, Alarm
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.monitoring.overview import FREE_METRICS, rows
from infra.definition.monitoring.queries import MOST_GROUPS, queries
from infra.definition.monitoring.type_alarms import IN_FLIGHT, MOST_ALONE, SHORTEST_AGE
from infra.definition.names import STAGE
from infra.definition.parameters import parameters
from infra.definition.template import MOST_RESOURCES, SAM_ADDS, resources
from tests.infra.cloud import large
from tests.infra.cloud.template.test_limits import MOST
from tests.infra.definition.pages.said import COUNTS as WORDS
from tests.infra.definition.pages.said import OFTEN, SAID, SHARES
from tests.support import built_in

ALARMS = {alarm.kind: alarm for alarm in all_alarms(built_in(), "s")}
TRIGGERS = {function.short: function.trigger for function in functions([], "s")}


def lasts(alarm: Alarm) -> float:
    """Return how long a condition holds before the alarm rings, in minutes."""
    return alarm.period * alarm.periods / MINUTE


def operations() -> Iterator[str]:
    """Yield what docs/operations.md says, with the figures of the code in it."""
    yield f"with more than {WORDS[most_drawn_whole()]} types the least of it"
    yield f"the free ones ({FREE_METRICS} metrics)"
    yield "`GET /metrics/health`: new dead letters of the last hour" if HOUR == 3600 else "-"
    yield f"null while there are more than {MOST_DEAD:,}"
    yield f"{min(MOST_POINTS * 3600, KEEP_COUNTERS) // DAY:.0f} days back, {KEEP_COUNTERS / DAY:.0f} with `step=86400`"
    yield f"each scrape is at most {1 + 2 * MOST_ASKED} requests"
    yield "growing backlogs (jobs a minute)" if growth([(60 * n, {"created": 7}) for n in range(9)], 540) == 7 else "-"
    yield f"`deploys`, the last {deploys.MOST};"
    yield f"the {WORDS[MOST_TENANTS]} tenants with the most jobs at work"
    yield from _of_types()
    yield from _of_pauses()
    yield from _of_platform()
    yield f"keeps who and when for {KEEP_COUNTERS / DAY:.0f} days"
    yield f"stops working within {WORDS[int((POLICY_SECONDS + REMEMBER) / 60)]} minutes"
    yield f"at most {RETENTION / DAY:.0f} days as messages"
    yield f"for up to {min(RENEW_WITHIN, KEEP_WAITING_KEYS) / DAY:.0f} days: a longer pause"
    yield f"up to {MOST_LOOKS:,} jobs of the type a minute"
    yield f"({1_000_000 / RECOUNTED_A_SECOND:.0f} s a million jobs)"
    yield f"These {WORDS[len(Metric)]} and no more"


def _of_types() -> Iterator[str]:
    yield f"A stack takes {MOST_RESOURCES} resources, so above {MOST_ALONE} types"
    yield f"within the last {lasts(ALARMS['dead-letters']):.0f} minutes jobs were given up"
    yield "kept them from running for a day" if GIVE_UP_STALLED == DAY else "-"
    yield f"stays for {KEEP_DEAD / DAY:.0f} days, its message in the dead-letter queue for {DLQ_RETENTION / DAY:.0f}"
    yield f"at up to {MOST_SWEEPS * MOST_SWEPT:,} messages a minute"
    yield f"{SPARE_RECEIVES} times more than the job has attempts"
    yield f"longer than {SHORTEST_AGE / MINUTE:.0f} minutes, or than one visibility timeout"
    yield f"delayed by {SQS_LONGEST_DELAY / MINUTE:.0f} minutes in SQS"
    yield f"over {IN_FLIGHT:,} messages are being worked on"
    ratio = ALARMS["failure-ratio"]
    (enough,) = re.findall(r">=(\d+)", ratio.expression)
    yield f"of at least {enough} jobs"
    yield f"within {lasts(ratio):.0f} minutes, more than {ratio.threshold:g} % failed"


def _of_pauses() -> Iterator[str]:
    waits = [FIRST_COOLDOWN * 2**n / MINUTE for n in (1, 2)]
    then = f"then {waits[0]:.0f}, {waits[1]:.0f}, up to {LONGEST_COOLDOWN / MINUTE:.0f}"
    yield f"one job that is tried after {SAID[FIRST_COOLDOWN]}, {then}"
    yield f"the type goes on by itself within {SAID[LONGEST_COOLDOWN]} of the end"
    watchdog = TRIGGERS["watchdog"]
    assert isinstance(watchdog, ScheduleTrigger)
    yield f"1 for each {SAID[watchdog.minutes * MINUTE][2:]} in which a type is paused"


def _of_platform() -> Iterator[str]:
    errors = ALARMS["api-errors"]
    yield f"more than {100 * errors.threshold:g} % of the API's answers within {lasts(errors):.0f} minutes"
    for kind, said in {"throttles": "invocations", "table-throttles": "puts or updates of the jobs table"}.items():
        yield f"refused {said} for {WORDS[int(lasts(ALARMS[kind]))]} minutes"
    yield f"for {WORDS[int(lasts(ALARMS['control-table-down']))]} minutes the control table"
    yield f"their sum leaves {API_NEEDS} for the API"
    yield f"within the last {lasts(ALARMS['stalled']):.0f} minutes something"
    yield "a day after it stalled such a job is given up" if GIVE_UP_STALLED == DAY else "-"
    yield "at most an hour after it" if longest_pause() == 3600 else "-"
    yield f"not finished a run for {lasts(ALARMS['watchdog-silent']):.0f} minutes"
    yield "more than a minute ahead" if ALARMS["counters-behind"].threshold == 60_000 else "-"
    stream, recount = TRIGGERS["counters"], TRIGGERS["recount"]
    assert isinstance(stream, StreamTrigger)
    assert isinstance(recount, ScheduleTrigger)
    yield f"fix it within {stream.longest_age / 3600:.0f} hours"
    yield f"no recount has ended for {WORDS[int(lasts(ALARMS['recount-silent']) / 60 / 24)]} days"
    first, _, last = recount.cron.split()[1].partition("-")
    yield f"at night, from {first} to {int(last) + 1} UTC"
    once = (int(last) + 1 - int(first)) * 3600 < EVERY < DAY
    yield f"the {OFTEN[DAY] if once else '-'} recount repairs the totals"


OF_AWS = {
    "operations.md": (
        "received three times",  # leaves the metric of the oldest message's age
        "At 120,000 SQS hands out no more",
        "(1,000 by default, less in new accounts)",
        "4,000 writes a second",
        "(35 days)",
    ),
    "deploy.md": (
        "1 million SQS and Lambda requests",
        "takes 500 resources",
        "SES alone takes $100 a million",
        "may send a second, as SES allows",
        "any second of the last 35 days",
    ),
}
"""What services do, which no test here can show: from their documentation."""


def deploy() -> Iterator[str]:
    """Yield what docs/deploy.md says, with the figures of the code in it; the bill's are compared elsewhere."""
    yield f"{MOST} types with the longest names fit"
    limit = {name: parameters()[name]["Default"] for name in ("RateLimitMax", "RateLimitWindow", "LogRetentionDays")}
    yield f"| {limit['RateLimitMax']}, {limit['RateLimitWindow']} | POST requests"
    yield f"| INFO, {limit['LogRetentionDays']} |"
    yield f"({parameters()['CursorSecret']['MinLength']} characters or more)"
    yield f"{most_types()} are the most, for CloudFormation takes {MOST_RESOURCES} resources"
    yield f"({most_types(ADDED)} with `ShiftTraffic`)"
    yield f"Above {MOST_ALONE} types alarms are shared between types, above {most_searched()} the saved queries"
    longest = next(n for n in range(1, 99) if not STAGE.fullmatch("a" * n)) - 1
    yield f"up to {longest} small letters and digits"
    yield f"logs are kept for {production.SHORTEST_RETENTION} days"
    yield f"In an account that may run {production.ENOUGH:,} functions at once or more"
    yield f"reserves {production.RESERVED} for the API and {production.RESERVED} for the authorizer"
    watched = ", ".join(f"`{kind}`" for kind in monitoring.TRIGGERS)
    yield f"watches {WORDS[len(monitoring.TRIGGERS)]} alarms ({watched})"
    asked_for = len(asked(functions(built_in(), "s")))
    yield f"{asked_for} functions answer; report.generate completed in 3 s"
    share, minutes = re.fullmatch(r"Canary(\d+)Percent(\d+)Minutes", HOW).groups()  # type: ignore[union-attr]
    yield f"{share} % of the requests for {minutes} minutes, then all"
    yield f"can get {SHARES[int(share) / 100]} of the requests first"
    assert jobtype.get("email.send").visibility_timeout == 6 * jobtype.get("email.send").timeout
    yield "comes again after six times the type's timeout"
    yield f"adds {ADDED} resources to the stack"
    yield f"`+${PRICES.alarm_metric_month:.2f} a month` costs so much"
    hours = [datetime.fromisoformat(str(SMOKE[name])) for name in ("from", "to")]
    yield f"`report.generate` has one: {SAID[(hours[1] - hours[0]).total_seconds()]} without jobs"
    yield f"(over {LARGEST / 1e6:.0f} MB, or over {MOST_RESOURCES} resources, after the SAM transform)"
    yield f"up to {history.MOST} deployments"


def longest_pause() -> float:
    """Return for how long at most a job waits whose outage is over."""
    return max(
        consume.PLATFORM_PAUSE.longest, consume.SCHEMA_PAUSE, dead_letter_rules.PAUSE.longest, rules.PATIENCE.longest
    )


def most_drawn_whole() -> int:
    """Return for how many types the CloudWatch dashboard shows everything: a row for the platform and for each."""
    return max(n for n in range(1, 20) if len(rows(large.types(n), "s")[-1]) == 3 and whole(n))


def whole(number: int) -> bool:
    return len(rows(large.types(number), "s")) == number + 1


def most_types(more: int = 0) -> int:
    """Return how many job types one stack can have, with so many resources more."""

    def fits(number: int) -> bool:
        try:
            return len(resources(large.types(number), "s")) + number + SAM_ADDS + more <= MOST_RESOURCES
        except Exception:
            return False

    return max(n for n in range(60, 70) if fits(n))


def most_searched() -> int:
    """Return up to how many types the saved queries name the log groups: one a type, and those of the platform."""
    platform = 2 + len(functions([], "s"))
    assert "LogGroupNames" in str(queries("s", ["g"] * MOST_GROUPS))
    assert "LogGroupNames" not in str(queries("s", ["g"] * (MOST_GROUPS + 1)))
    return MOST_GROUPS - platform
