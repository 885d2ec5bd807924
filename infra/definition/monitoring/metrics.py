"""Name CloudWatch metrics: namespaces and dimensions for both alarms and the dashboard."""

from dataclasses import dataclass, field
from typing import Any

OWN = "JobFlow"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, and how its points in a period are combined."""

    namespace: str
    name: str
    dimensions: dict[str, str] = field(default_factory=dict)
    stat: str = "Sum"

    def as_properties(self, period: int) -> dict[str, Any]:
        """Return it for an alarm on this metric alone; `period` in seconds."""
        return {**self._identity(), "Period": period, "Statistic": self.stat}

    def as_stat(self, period: int) -> dict[str, Any]:
        """Return it for an alarm that computes with it; `period` in seconds."""
        return {"Metric": self._identity(), "Period": period, "Stat": self.stat}

    def as_row(self, label: str) -> list[Any]:
        """Return it for a dashboard widget."""
        flat = [text for pair in self.dimensions.items() for text in pair]
        return [self.namespace, self.name, *flat, {"stat": self.stat, "label": label}]

    def _identity(self) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


def own(stack: str, name: str, job_type: str = "-", stat: str = "Sum") -> Metric:
    """Return a metric that the code counts (`chalicelib.telemetry.events`); "-" is the whole platform."""
    return Metric(OWN, name, {"service": stack, "job_type": job_type}, stat)


def queue(name: str, metric: str, stat: str = "Maximum") -> Metric:
    """Return one of SQS's own, of the queue with that physical name."""
    return Metric("AWS/SQS", metric, {"QueueName": name}, stat)


def function(name: str, metric: str, stat: str = "Sum") -> Metric:
    """Return one of Lambda's own, of the function with that physical name."""
    return Metric("AWS/Lambda", metric, {"FunctionName": name}, stat)


def api(name: str, metric: str, stat: str = "Sum") -> Metric:
    """Return one of API Gateway's own, of the REST API with that name."""
    return Metric("AWS/ApiGateway", metric, {"ApiName": name}, stat)


def table(name: str, metric: str, operation: str, stat: str = "Sum") -> Metric:
    """Return one of DynamoDB's own, of an operation on a table, and so on each of its indexes."""
    return Metric("AWS/DynamoDB", metric, {"TableName": name, "Operation": operation}, stat)
