"""Say what docs/delivery.md and lifecycle.md tell about times and quantities, with the code's own figures in it."""

import math
from collections.abc import Iterator

from chalicelib.adapters.dynamo.jobs.bodies import LARGEST_ITEM
from chalicelib.adapters.dynamo.jobs.entries import SWEEP_PAGES
from chalicelib.adapters.platform_log import CONNECT_TIMEOUT, READ_TIMEOUT
from chalicelib.adapters.sqs import DEAD_HIDDEN
from chalicelib.jobs import limits
from chalicelib.jobs.limits import DAY, GIVE_UP_STALLED, KEEP_WAITING_KEYS, LOOK_AHEAD, RETIRE_AFTER
from chalicelib.service.dispatch import AT_ONCE
from chalicelib.settings import SHARDS
from chalicelib.watchdog import lookback, rules, run, search, sharing
from chalicelib.watchdog.dead_letter_rules import PAUSE
from chalicelib.watchdog.dead_letters import MOST_SWEPT
from chalicelib.worker import in_order, message_fate, persist
from chalicelib.worker.claim import LEASE_SLACK, UNKNOWN_LOOKS
from chalicelib.worker.consume import PLATFORM_PAUSE, SCHEMA_PAUSE, TRIM_SLACK
from infra.definition.data.buckets import KEEP_DAYS
from infra.definition.data.queues import DLQ_RETENTION
from infra.definition.lambdas.functions import ScheduleTrigger, functions
from scripts.chaos.monkey import SERVICE_OUTAGE
from tests.chalicelib.watchdog.test_cost import BUSY, IDLE, NEW, OLDER, PARTITIONS
from tests.infra.definition.pages.said import COUNTS as WORDS
from tests.infra.definition.pages.said import EACH, OFTEN, SAID, SHARES
from tests.proof import burst
from tests.proof.grounds.ground import TYPES
from tests.proof.months import liveness, month, weather
from tests.proof.test_crash_points import AWS_PART, AWS_WHOLE, PORTS_PART, PORTS_WHOLE

MINUTE, HOUR = 60, 3600
EARLIEST = f"{LOOK_AHEAD / MINUTE:.0f} minutes"
(WATCHDOG,) = (function for function in functions([], "s") if function.short == "watchdog")
MEASURED = (
    "all can start within 2 s of it",
    "13,619 jobs",
    "4,320 hours",
    "on 1,000 jobs under way each",
    "3,000 jobs",
    "Outage of six hours of DynamoDB",
    "64,953 and 7,059 steps",
    "a few thousand steps of the model",
)
"""Results of the commands that stand beside them in docs/delivery.md, and steps that `test_machine.py` counts."""
ELSEWHERE = (
    "takes 1,000 writes a second",
    "about 3,500 jobs",
    "a tenth of a receive, a read, and a tenth of a removal",
)
"""DynamoDB's limit of a partition; a megabyte by entries of 300 bytes; requests that watchdog/test_cost.py counts."""


def delivery() -> Iterator[str]:
    """Yield what docs/delivery.md says."""
    yield f"starts within {burst.SOON} seconds of its time"
    yield f"for up to {KEEP_WAITING_KEYS / DAY:.0f} days at a time"
    yield f"a clock that lags by more than {LEASE_SLACK:.0f} s"
    yield f"sends {burst.JOBS:,} jobs that are due at one instant ahead"
    parts = {1 / 3: "a third", 2 / 3: "two thirds"}
    yield f"{parts[PORTS_PART]} of the crash points over the ports ({parts[PORTS_WHOLE]} in `make whole`)"
    yield f"one in {1 / AWS_PART:.0f} of those over DynamoDB and SQS (one in {WORDS[round(1 / AWS_WHOLE)]} in"
    yield f"without a message for more than {WORDS[liveness.SOON / MINUTE]} minutes"
    yield f"for {WORDS[SERVICE_OUTAGE / MINUTE]} minutes in a soak of fifteen"
    yield f"up to {weather.SKEW} s wrong"
    yield f"begin once {'a day' if weather.CALM * HOUR == DAY else '-'} on average"
    yield f"no queue holds more than {WORDS[liveness.MESSAGES_A_JOB]} messages for each job"
    yield f"One episode in {WORDS[month.FEW_WORKERS]} has so few workers"
    yield f"One episode of {WORDS[month.EPISODE * HOUR / DAY]} days in {WORDS[month.WEEKS]} is a week instead"
    yield f"a pause of {WORDS[weather.LONG_PAUSE / DAY]} days, and messages expire"
    yield f"of up to {WORDS[max(weather.KINDS[f'{name} is out of order'].high for name in OUT) / HOUR]} hours"
    yield f"or {SAID[GIVE_UP_STALLED]} of trying since its type was last resumed"
    yield f"has {WORDS[len(TYPES)]} job types"
    a_run = min(search.MOST_PLANNED, sharing.SHARE * (1 + sharing.MOST_HELPERS))
    yield f"sent ahead by {WORDS[math.ceil(burst.JOBS / a_run)]} runs of the watchdog"


def lifecycle() -> Iterator[str]:
    """Yield what docs/lifecycle.md says."""
    yield f"within {limits.SEND_GRACE:.0f} to {limits.SEND_GRACE + MINUTE:.0f} s"
    yield f"up to {limits.SQS_LONGEST_DELAY / MINUTE:.0f} minutes ahead SQS holds the message"
    yield f"up to {EARLIEST} before its time"
    yield f"could not be sent until {EARLIEST} after its time"
    yield f"for the first {lookback.PATIENCE / MINUTE:.0f} minutes of a new process"
    yield f"did not run for {lookback.GAP / MINUTE:.0f} minutes"
    yield f"a lease until {LEASE_SLACK:.0f} s after the end of its invocation"
    yield f"up to {message_fate.LONGEST_HOLD / MINUTE:.0f} minutes the message is hidden until then"
    yield f"expires after {limits.KEEP_DONE / DAY:.0f} days"
    yield f"expires after {limits.KEEP_DEAD / DAY:.0f} days"
    yield f"as evidence ({DLQ_RETENTION / DAY:.0f} days)"
    yield f"has not been declared for {SAID[RETIRE_AFTER]}"
    yield from _failures()
    yield from _waits()
    yield from _doubt()
    yield from _costs()


def _failures() -> Iterator[str]:
    day = SAID[GIVE_UP_STALLED]
    unsent = [rules.UNSENT_PATIENCE.latest(n) / MINUTE for n in range(1, 9)]
    yield f"tries again after {unsent[0]:.0f}, {unsent[1]:.0f}, {unsent[2]:.0f} … {unsent[-1]:.0f} minutes, for {day}"
    yield f"can be read within {'a second' if CONNECT_TIMEOUT + READ_TIMEOUT <= 1 else '-'}"
    yield f"comes back {TRIM_SLACK - LEASE_SLACK:.0f} s after the lease"
    yield f"A payload of over {LARGEST_ITEM / 1024:.0f} KB"
    yield f"until {persist.RESERVE:.0f} s before its invocation ends"
    again = [(PAUSE.latest(n) - PAUSE.first) / MINUTE for n in range(1, 9)]
    yield f"at once, then after {again[1]:.0f}, {again[2]:.0f}, {again[3]:.0f} … {again[-1]:.0f} minutes; a dead letter"
    yield f"error `Undeliverable`, after {day}"
    yield f"`job.stalled`, after {day} `dead_letter`"
    yield f"moves the message after {WORDS[limits.SPARE_RECEIVES]} receives more than its attempts can cause"
    yield f"asks again within {in_order.LOOK_AGAIN:.0f} s, and begins"
    looks, holds = UNKNOWN_LOOKS, message_fate.UNKNOWN_HOLDS
    within = {0.3: "a third of a second"}[round(sum(looks), 1)]
    yield f"looks {WORDS[1 + len(looks)]} times within {within}"
    yield f"holds the message for {holds[0]}, {holds[1]}, {holds[2]} and {holds[3]} s"
    yield f"hold the message for {'about a minute' if 60 <= sum(holds) < 75 else '-'}"
    yield f"backs off up to {(message_fate.malformed(99).seconds or 0) / MINUTE:.0f} minutes a time"
    first, last = (message_fate.unavailable(n, lambda _, high: high).seconds or 0 for n in (1, 99))
    yield f"stay hidden for {first} s, then three times as long each time up to {last / MINUTE:.0f} minutes"


def _waits() -> Iterator[str]:
    least, most = SAID[PLATFORM_PAUSE.first], OFTEN[PLATFORM_PAUSE.longest]
    yield f"after {least}, then less and less often up to {most}; a dead letter after {SAID[GIVE_UP_STALLED]}"
    yield f"tried again {EACH[SCHEMA_PAUSE]} until `upgrade=`"
    yield f"at most {limits.MOST_CLAIMS:,} claims a run"
    yield f"one of over {LARGEST_ITEM / 1024:.0f} KB for {KEEP_DAYS['payloads/']} days"
    yield f"cancelled about {SAID[RETIRE_AFTER]} later"
    yield f"when it comes to it, at up to {run.MOST_SWEEPS * MOST_SWEPT:,} messages a minute"


def _doubt() -> Iterator[str]:
    yield f"{SAID[limits.SEND_GRACE]} after its message should have been visible"
    yield f"claimed before: {SAID[rules.OLD_HELD]} after its lease or its time"
    yield f"when it is {SAID[GIVE_UP_STALLED]} since its first message was lost"
    yield f"it has {SAID[GIVE_UP_STALLED]} from the resume"
    yield f"sees it again {SAID[RETIRE_AFTER]} after the first"
    yield f"jobs that were sent {rules.SLACK / MINUTE:.0f} minutes after it"
    yield f"or it is older than {rules.OLD / DAY:g} days"
    yield f"or after {rules.OLD / DAY:g} days"
    lost = [rules.PATIENCE.latest(n) for n in range(1, 9)]
    minutes = " and ".join(f"{seconds / MINUTE:.0f}" for seconds in lost if seconds < rules.PATIENCE.longest)
    yield f"after {minutes} minutes, then {EACH[rules.PATIENCE.longest]}"
    old = [rules.OLD_PATIENCE.latest(n) for n in range(1, 9)]
    hours = ", ".join(f"{seconds / HOUR:.0f}" for seconds in old if seconds < rules.OLD_PATIENCE.longest)
    yield f"by age alone after {hours} hours, then every {rules.OLD_PATIENCE.longest / HOUR:.0f}"
    yield f"the oldest {SWEEP_PAGES} MB of each partition"
    yield f"of more than {search.MOST_SPANS} spans of such minutes each run reads others"


def _costs() -> Iterator[str]:
    assert isinstance(WATCHDOG.trigger, ScheduleTrigger)
    yield f"It runs {EACH[WATCHDOG.trigger.minutes * MINUTE]} and never scans"
    yield f"{2 + PARTITIONS} requests a job type"
    yield f"in {WORDS[SHARDS[0]]} shards each?"
    yield f"{BUSY} more while a queue is not empty"
    yield f"more than {EARLIEST} behind, then {NEW} more while it looks back for planned jobs"
    yield f"{OLDER} for what an older version wrote"
    yield f"{IDLE.total()} requests for three job types"
    longest = EACH[rules.PATIENCE.longest].replace("every", "up to a")
    yield f"asked after {rules.PATIENCE.first / MINUTE:.0f} minutes, then as long as it waited, {longest}"
    yield f"{search.MOST_LOOKS:,} jobs in doubt, {search.MOST_PLANNED:,} planned ones a type"
    yield f"| {SHARES[1 / AT_ONCE]} of a read, and a write |"
    yield f"| {SHARES[1 / AT_ONCE]} of a read, two writes and {SHARES[1 / AT_ONCE]} of a send |"
    within = (
        "job in a minute in which one was not sent; planned job in the time that it looks back over"
        if search.MINUTE == MINUTE
        else "-"
    )
    yield f"{SHARES[1 / search.IN_ONE_READ]} of a read | {within} | {search.MOST_CHECKED:,} a type"
    yield f"about 3,500 jobs | {SWEEP_PAGES} a partition"
    yield f"hidden for {DEAD_HIDDEN} s then"
    yield f"{run.MOST_SWEEPS * MOST_SWEPT:,} a queue"
    yield f"after {WORDS[AT_ONCE]} jobs each"
    sweeping = run.RESERVE - run.STOP
    yield f"A run has {WATCHDOG.timeout - run.RESERVE:.0f} s for jobs and {sweeping:.0f} more for dead-letter queues"
    yield f"are sent from {EARLIEST} before it, {WORDS[AT_ONCE]} a request"
    yield f"as its delay: {LOOK_AHEAD / MINUTE:.0f} runs"
    yield f"of up to {search.MOST_PLANNED:,} are more than {burst.JOBS:,} for one type"
    yield f"looks at {sharing.SHARE:,} jobs itself and starts up to {sharing.MOST_HELPERS} further invocations"
    yield f"{sharing.SHARE:,} jobs each"
    a_minute = sharing.SHARE * (1 + sharing.MOST_HELPERS)
    share = 2 * a_minute / SHARDS[0] / MINUTE / 10
    yield f"{a_minute:,} jobs a minute, two writes each on four shards, are {share:.0f} %"


OUT = ("DynamoDB", "SQS")
