"""Name CloudWatch metrics: namespaces and dimensions for both alarms and the dashboard."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.job_types.queue import is_shared
from infra.definition.names import API, sub

OWN = "JobFlow"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, and the statistic that combines its data points in a period.

    The value of a dimension may refer to a resource: `${HttpApi}`.
    """

    namespace: str
    name: str
    dimensions: dict[str, str] = field(default_factory=dict)
    stat: str = "Sum"

    def as_properties(self, period: int) -> dict[str, Any]:
        """Return the metric in the form for an alarm on this metric alone; `period` in seconds."""
        return {**self._identity(), "Period": period, "Statistic": self.stat}

    def as_stat(self, period: int) -> dict[str, Any]:
        """Return the metric in the form for an alarm with an expression; `period` in seconds."""
        return {"Metric": self._identity(), "Period": period, "Stat": self.stat}

    def as_row(self, label: str) -> list[Any]:
        """Return the metric in the form for a dashboard widget."""
        flat = [text for pair in self.dimensions.items() for text in pair]
        return [self.namespace, self.name, *flat, {"stat": self.stat, "label": label}]

    def _identity(self) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": sub(value)} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


def own(stack: str, name: str, job_type: str = "-", stat: str = "Sum") -> Metric:
    """Return a metric that the code counts (`chalicelib.telemetry.events`). The type "-" means the whole platform."""
    return Metric(OWN, name, {"service": stack, "job_type": job_type}, stat)


def in_trouble(stack: str, condition: str) -> Metric:
    """Return the metric of the watchdog with the number of types for which a condition is true."""
    return Metric(OWN, "TypesInTrouble", {"service": stack, "condition": condition}, "Maximum")


def of_queue(stack: str, name: str, key: str) -> Metric:
    """Return a metric of a job type, or of a shared queue, which is counted for the queue and not for its types."""
    return Metric(OWN, name, {"service": stack, "queue": key}) if is_shared(key) else own(stack, name, key)


def queue(name: str, metric: str, stat: str = "Maximum") -> Metric:
    """Return a metric of SQS about the queue with that physical name."""
    return Metric("AWS/SQS", metric, {"QueueName": name}, stat)


def function(name: str, metric: str, stat: str = "Sum") -> Metric:
    """Return a metric of Lambda about the function with that physical name."""
    return Metric("AWS/Lambda", metric, {"FunctionName": name}, stat)


def api(metric: str, *, stat: str = "Sum") -> Metric:
    """Return a metric of API Gateway about the stack's HTTP API, which CloudWatch knows by its id."""
    return Metric("AWS/ApiGateway", metric, {"ApiId": f"${{{API}}}"}, stat)


def table(name: str, metric: str, operation: str, stat: str = "Sum") -> Metric:
    """Return a metric of DynamoDB about an operation on a table; it includes the table's indexes."""
    return Metric("AWS/DynamoDB", metric, {"TableName": name, "Operation": operation}, stat)
