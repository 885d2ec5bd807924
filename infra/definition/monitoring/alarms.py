"""List the stack's alarms. Each description says what to do; `docs/operations.md` has the details."""

from collections.abc import Sequence
from typing import Any

from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.jobtype import JobType
from infra.definition.iam.grants import types_for_ends
from infra.definition.monitoring import metrics
from infra.definition.monitoring.alarm import MINUTE, Alarm
from infra.definition.monitoring.metrics import Metric
from infra.definition.monitoring.trouble_alarms import trouble_alarms
from infra.definition.monitoring.type_alarms import errors_of, type_alarms
from infra.definition.names import EXPORTS_SPANS, Resources, logical, sub

FULL = 0.8
"""Share of the API's request limit (`ApiRate`) at which the alarm rings."""
REFUSED = 10
"""Number of refused requests per second at which the alarm rings."""
BEHIND, UNREAD = 60_000, 86_400_000
"""Milliseconds: the maximum delay of the counters, and the maximum age of a record of the stream when it is read."""


LATE_ENDS = 600_000
"""Milliseconds: the maximum delay of the jobs of `on_end`."""


def all_alarms(types: Sequence[JobType[Any, Any]], stack: str) -> list[Alarm]:
    """Return every alarm of the stack, also those with a condition."""
    ends = [
        *((*_of_followup(stack), *_of_ends(stack)) if types_for_ends(types) else ()),
        *(_of_webhooks(stack) if any(kind.name == DELIVER for kind in types) else ()),
    ]
    return [
        *trouble_alarms(stack),
        *type_alarms(types, stack),
        *_of_requests(stack),
        *_of_upkeep(stack),
        *_of_functions(stack),
        *_of_spans(stack),
        *ends,
    ]


def alarms(types: Sequence[JobType[Any, Any]], stack: str) -> Resources:
    """Return the alarms as resources."""
    return {logical(alarm.name, "Alarm"): alarm.resource(stack) for alarm in all_alarms(types, stack)}


def _of_spans(stack: str) -> list[Alarm]:
    return [
        Alarm(
            "spans-dropped", "", "Spans were given up, because the collector at OtlpEndpoint refuses them, does not "
            "answer or is too slow: traces have gaps, jobs are not affected. Look for spans.dropped in the log of "
            "followup.",
            {"dropped": metrics.own(stack, "SpansDropped")}, 0, period=15 * MINUTE, condition=EXPORTS_SPANS,
        ),
    ]  # fmt: skip


def _of_functions(stack: str) -> list[Alarm]:
    """Watch the functions whose failure no other alarm shows within 5 minutes.

    The alarm `watchdog-silent` covers the watchdog. `api-errors` covers the API, which answers 5xx.
    """
    return [
        Alarm(
            "errors", short, f"The {short} function ended with an error, or could not start. Look at its log; compare "
            "with the last deployment.", {"errors": errors_of(f"{stack}-{short}")}, 0,
        )
        for short in ("counters", "recount")
    ]  # fmt: skip


def _of_followup(stack: str) -> list[Alarm]:
    """Watch the function `followup`, in a stage in which it makes jobs.

    In other stages it only counts batches, and the watchdog ends those that were not counted.
    """
    return [
        Alarm(
            "followup-behind", "", "End jobs, deliveries and counts of batches are over ten minutes late. "
            "Look at the log and the event source mapping of the function followup. Ends of up to 23 hours are "
            "processed automatically when it works again.",
            {"age": metrics.function(f"{stack}-followup", "IteratorAge", "Maximum")}, LATE_ENDS, periods=2,
        ),
    ]  # fmt: skip


def _of_webhooks(stack: str) -> list[Alarm]:
    return [
        Alarm(
            "webhook-disabled", "", "A webhook was disabled: its receiver answered 410, or every delivery has failed "
            "for three days. GET /webhooks names it and the reason; enable it when the receiver works, and send again.",
            {"disabled": metrics.own(stack, "WebhookDisabled")}, 0,
        ),
        Alarm(
            "webhook-failing", "", "Deliveries to a webhook have failed for over half an hour. GET /webhooks names "
            "it, and its deliveries show the receiver's answer; after three days the webhook is disabled.",
            {"failing": metrics.own(stack, "WebhookFailing")}, 0,
        ),
    ]  # fmt: skip


def _of_ends(stack: str) -> list[Alarm]:
    return [
        Alarm(
            "end-refused", "", "No job or delivery could be created for the end of a job or a batch: its type was "
            "removed or retired, the name of the type is not signed, or the data of the end cannot be stored. Look for "
            "end.refused, batch.refused and webhook.refused in the logs of followup, recount and watchdog.",
            {"refused": metrics.own(stack, "EndRefused")}, 0,
        ),
    ]  # fmt: skip


def _of_requests(stack: str) -> list[Alarm]:
    """Watch the failures that producers and job functions notice."""
    # ThrottledRequests counts a request once, whether the table or one of its indexes is throttled
    throttled = {
        operation.lower(): metrics.table(f"{stack}-jobs", "ThrottledRequests", operation)
        for operation in ("PutItem", "UpdateItem")
    }
    return [
        Alarm(
            "api-errors", "", "The API answered with 5xx. Look at its log for the traceback, by correlation id.",
            {"errors": metrics.api("5xx"), "requests": metrics.api("Count")}, 0.01, "errors/requests",
            period=5 * MINUTE,
        ),
        Alarm(
            "api-full", "", "Nearly as many requests come as the API takes (ApiRate); what is beyond is answered with "
            "429. Find out who sends them (access logs), and have producers send in batches.",
            {"requests": metrics.api("Count")}, FULL * MINUTE, sub("requests/${ApiRate}"), periods=2,
        ),
        Alarm(
            "api-refused", "", "The API refuses ten requests a second and more (4xx): a flood without a valid token, "
            "or a client that repeats what is wrong. See who asks (access logs); AWS WAF stops a flood.",
            {"refused": metrics.api("4xx")}, REFUSED * MINUTE, periods=3,
        ),
        Alarm(
            "throttles", "", "The account's Lambda concurrency is used up. Ask for a higher limit, or lower the "
            "concurrency of job types.", {"throttles": Metric("AWS/Lambda", "Throttles")}, 0, periods=3,
        ),
        Alarm(
            "table-throttles", "", "DynamoDB refuses writes to the jobs table or an index. Slow the producers; a "
            "table doubles its throughput within half an hour.", throttled,
            0, "FILL(putitem,0)+FILL(updateitem,0)", periods=2,
        ),
        Alarm(
            "growing", "", "A queue becomes longer minute by minute: no worker takes its messages, or fewer than come "
            "in. Look for queue.growing in the watchdog's log, then at the worker's errors, mapping and concurrency.",
            {"growing": metrics.own(stack, "Growing")}, 0,
        ),
        Alarm(
            "stalled", "", "Something outside of their functions keeps jobs from running: an outage, a permission, or "
            "a stricter schema. Look for job.stalled in the logs; after a day such jobs become dead letters.",
            {"stalled": metrics.own(stack, "Stalled")}, 0, period=15 * MINUTE,
        ),
    ]  # fmt: skip


def _of_upkeep(stack: str) -> list[Alarm]:
    """Watch the parts that keep the promises and the numbers right: watchdog, counters, recount, control table."""
    # count updates to see whether jobs run, because each job is updated when it is claimed
    updated = metrics.table(f"{stack}-jobs", "SuccessfulRequestLatency", "UpdateItem", "SampleCount")
    return [
        Alarm(
            "watchdog-silent", "", "The watchdog has not succeeded for 3 minutes: lost messages are not sent again. "
            "Look at its log and its schedule.", {"ran": metrics.own(stack, "WatchdogRan")},
            # FILL returns nothing before the first run, or when the last data point is too old. With `ignore`, the
            # alarm then keeps its state: it does not ring before the first run, and a ringing alarm continues to ring.
            1, "FILL(ran,0)", period=3 * MINUTE, missing="ignore", below=True,
        ),
        Alarm(
            "counters-behind", "", "The counters are over a minute behind, or do not read the stream while jobs are "
            "written: /metrics is stale, jobs are not affected. Look at the counters' log and event source mapping.",
            {"age": metrics.function(f"{stack}-counters", "IteratorAge", "Maximum"), "updated": updated},
            # If nothing reads the stream, the age has no data points. Updates of the table then show that there was
            # something to read.
            BEHIND, f"IF(FILL(updated,0)>0,FILL(age,{UNREAD}),FILL(age,0))", periods=2,
        ),
        Alarm(
            "recount-silent", "", "No recount has ended for two days: counters that are wrong stay wrong. Look at the "
            "log of the recount function, and whether counters-behind rings: it waits for the stream.",
            {"ended": metrics.own(stack, "Recounted")},
            1, "FILL(ended,0)", period=24 * 60 * MINUTE, periods=2, missing="ignore", below=True,
        ),
        Alarm(
            "counter-drift", "", "The recount found the counters wrong and repaired what it could, or records of the "
            "stream were skipped. Look at the recount's log, and for counters.skipped in that of the counters.",
            {"drift": metrics.own(stack, "CounterDrift")}, 0, period=60 * MINUTE,
        ),
        Alarm(
            "control-table-down", "", "The control table did not answer: requests were let in uncounted, tokens "
            "refused, or changes refused that could not be recorded (not-audited). Look at the table's throttles and "
            "at the API's log: auth.unavailable, rate_limit.unavailable, audit.*",
            {"down": metrics.own(stack, "ControlTableDown")}, 0, periods=3,
        ),
    ]  # fmt: skip
