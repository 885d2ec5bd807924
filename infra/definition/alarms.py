"""What wakes a person up. Each alarm's description says what to do; `docs/operations.md` says it at length."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.jobs.jobtype import JobType
from infra.definition import metrics
from infra.definition.metrics import Metric
from infra.definition.names import Resources, logical, queue_name, ref

MINUTE = 60
SHORTEST_AGE = 1200
"""Seconds: a message may be delayed by 900, and SQS counts its age from when it was sent."""
IN_FLIGHT = 60_000
"""Half of what a standard queue can have in flight; past 120,000 nothing is received any more."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A condition on metrics. `expression` combines them when there are several; `period` in seconds."""

    kind: str
    of: str
    advice: str
    metrics: Mapping[str, Metric]
    threshold: float
    expression: str = ""
    period: int = MINUTE
    periods: int = 1
    missing: str = "notBreaching"
    below: bool = False
    """Whether it is a value below the threshold that is bad, not one above it."""

    @property
    def name(self) -> str:
        """Its name without the stack's: "email-send-dead-letters"."""
        return f"{self.of}-{self.kind}" if self.of else self.kind

    def resource(self, stack: str) -> dict[str, Any]:
        """The alarm in the template."""
        return {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": f"{stack}-{self.name}",
                "AlarmDescription": f"{self.advice} (docs/operations.md#{self.kind})",
                **self._measured(),
                "ComparisonOperator": "LessThanThreshold" if self.below else "GreaterThanThreshold",
                "Threshold": self.threshold,
                "EvaluationPeriods": self.periods,
                "DatapointsToAlarm": self.periods,
                "TreatMissingData": self.missing,
                "AlarmActions": [ref("AlarmTopic")],
                "OKActions": [ref("AlarmTopic")],
            },
        }

    def _measured(self) -> dict[str, Any]:
        if not self.expression:
            (metric,) = self.metrics.values()
            return metric.as_properties(self.period)
        rows = [
            {"Id": name, "MetricStat": metric.as_stat(self.period), "ReturnData": False}
            for name, metric in self.metrics.items()
        ]
        value = {"Id": "value", "Expression": self.expression, "Label": self.kind, "ReturnData": True}
        return {"Metrics": [*rows, value]}


def all_alarms(types: Iterable[JobType[Any, Any]], stack: str) -> list[Alarm]:
    """Every alarm of the stack."""
    per_type = [alarm for kind in types for alarm in _of_type(kind, stack)]
    return per_type + _of_platform(stack)


def alarms(types: Iterable[JobType[Any, Any]], stack: str) -> Resources:
    """The alarms as resources."""
    return {logical(alarm.name, "Alarm"): alarm.resource(stack) for alarm in all_alarms(types, stack)}


def _of_type(kind: JobType[Any, Any], stack: str) -> list[Alarm]:
    queue = queue_name(stack, kind.queue)
    # the watchdog hides what it looks at for two minutes, so either number alone would go up and down
    dead = {
        "visible": metrics.queue(f"{queue}-dlq", "ApproximateNumberOfMessagesVisible"),
        "hidden": metrics.queue(f"{queue}-dlq", "ApproximateNumberOfMessagesNotVisible"),
    }
    age = metrics.queue(queue, "ApproximateAgeOfOldestMessage")
    flying = metrics.queue(queue, "ApproximateNumberOfMessagesNotVisible")
    ends = {name.lower(): metrics.own(stack, name, kind.name) for name in ("Completed", "Failed", "DeadLettered")}
    patience = max(SHORTEST_AGE, kind.visibility_timeout)
    return [
        Alarm(
            "dead-letters", kind.queue, f"A {kind.name} job used up its attempts. Look at its error, mend the cause, "
            "retry it in the dashboard.", dead, 0, "FILL(visible,0)+FILL(hidden,0)",
        ),
        Alarm(
            "oldest-message", kind.queue, f"A {kind.name} job has waited over {patience} s. Look for errors or "
            "throttles of its function; raise its concurrency if it is only busy.",
            {"age": age}, patience, periods=3,
        ),
        Alarm(
            "failure-ratio", kind.queue, f"More than 5 % of {kind.name} jobs of the last 15 minutes ended badly. "
            "Compare with the last deployment; look at the top errors query.",
            ends, 5, _share_of_bad_ends(), period=15 * MINUTE,
        ),
        Alarm(
            "in-flight", kind.queue, f"The {kind.name} queue nears the limit of 120,000 messages in flight: too many "
            "jobs back off at once. Mend or stop what fails; do not add load.", {"flying": flying}, IN_FLIGHT,
        ),
    ]  # fmt: skip


def _share_of_bad_ends() -> str:
    bad = "(FILL(failed,0)+FILL(deadlettered,0))"
    every = f"({bad}+FILL(completed,0))"
    return f"IF({every}>=20, 100*{bad}/{every}, 0)"


def _of_platform(stack: str) -> list[Alarm]:
    throttled = {
        f"t{number}": metrics.table(f"{stack}-jobs", "WriteThrottleEvents", index)
        for number, index in enumerate(("", "active", "all", "failures"))
    }
    return [
        Alarm(
            "api-errors", "", "The API answered with 5xx. Look at its log for the traceback, by correlation id.",
            {"errors": metrics.api(stack, "5XXError", "Average")}, 0.01, period=5 * MINUTE,
        ),
        Alarm(
            "throttles", "", "The account's Lambda concurrency is used up. Ask for a higher limit, or lower the "
            "concurrency of job types.", {"throttles": Metric("AWS/Lambda", "Throttles")}, 0, periods=3,
        ),
        Alarm(
            "table-throttles", "", "DynamoDB refuses writes to the jobs table or an index. Slow the producers; a "
            "table doubles its throughput within half an hour.", throttled,
            0, "FILL(t0,0)+FILL(t1,0)+FILL(t2,0)+FILL(t3,0)", periods=3,
        ),
        Alarm(
            "watchdog-silent", "", "The watchdog has not succeeded for 5 minutes: lost messages are not sent again. "
            "Look at its log and its schedule.", {"ran": metrics.own(stack, "WatchdogRan")},
            1, period=5 * MINUTE, missing="breaching", below=True,
        ),
        Alarm(
            "counters-behind", "", "The counters are over a minute behind: /metrics is stale, jobs are not affected. "
            "Look at the log of the counters function.",
            {"age": metrics.function(f"{stack}-counters", "IteratorAge", "Maximum")}, 60_000, periods=5,
        ),
        Alarm(
            "counter-drift", "", "The nightly recount found the counters wrong and repaired what it could. Look at the "
            "recount's log, and for records that the counters gave up.",
            {"drift": metrics.own(stack, "CounterDrift")}, 0, period=60 * MINUTE,
        ),
        Alarm(
            "control-table-down", "", "The control table did not answer: requests were let in uncounted, or tokens "
            "refused. Look at the table's throttles and at the API's log.",
            {"down": metrics.own(stack, "ControlTableDown")}, 0, periods=3,
        ),
    ]  # fmt: skip
