"""Describe one CloudWatch alarm: a condition on metrics, and what a person does when the condition is true."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.definition.monitoring.metrics import Metric
from infra.definition.names import Value, alarm_topic, console_url

MINUTE = 60
LATE = 2
"""Number of data points that may be missing because a metric is published late."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A condition on metrics. `expression` combines several metrics; `period` in seconds."""

    kind: str
    of: str
    advice: str
    metrics: Mapping[str, Metric]
    threshold: float
    expression: Value = ""
    period: int = MINUTE
    periods: int = 1
    missing: str = "notBreaching"
    below: bool = False
    """True if the alarm rings for a value below the threshold; false if it rings for a value above it."""
    in_console: bool = False
    """True if the console's first page shows more; the description then has its address."""
    condition: str = ""
    """The template's condition for the stages that have the alarm; empty: every stage has it."""

    @property
    def looked_at(self) -> int:
        """Return the number of data points to evaluate; the alarm rings if `periods` of them are bad.

        The last minute of a late metric has no data point yet, so FILL creates one, which is never bad. An alarm that
        requires every data point of the last minutes to be bad would therefore never ring.
        """
        filled = self.period == MINUTE and "FILL(" in str(self.expression) and not self.below
        return self.periods + LATE if filled else self.periods

    @property
    def name(self) -> str:
        """Return the alarm's name without the stack's name: "email-send-dead-letters"."""
        return f"{self.of}-{self.kind}" if self.of else self.kind

    def resource(self, stack: str) -> dict[str, Any]:
        """Return the alarm in the template."""
        return {
            "Type": "AWS::CloudWatch::Alarm",
            **({"Condition": self.condition} if self.condition else {}),
            "Properties": {
                "AlarmName": f"{stack}-{self.name}",
                "AlarmDescription": self._description(),
                **self._measured(),
                "ComparisonOperator": "LessThanThreshold" if self.below else "GreaterThanThreshold",
                "Threshold": self.threshold,
                "EvaluationPeriods": self.looked_at,
                "DatapointsToAlarm": self.periods,
                "TreatMissingData": self.missing,
                "AlarmActions": [alarm_topic()],
                "OKActions": [alarm_topic()],
            },
        }

    def _description(self) -> Value:
        text = f"{self.advice} (docs/operations.md#{self.kind})"
        return {"Fn::If": ["HasDashboard", console_url(f"{text} "), text]} if self.in_console else text

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
