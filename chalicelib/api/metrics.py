"""How the platform is doing."""

from chalicelib import wiring
from chalicelib.api.endpoint import Call, Endpoints
from chalicelib.api.responses import MetricsAnswer
from chalicelib.api.views import metrics_answer

endpoints = Endpoints()


@endpoints.get("/metrics", MetricsAnswer)
def read_metrics(_: Call) -> MetricsAnswer:
    """Jobs by status and queue lengths, of all jobs and by type."""
    return metrics_answer(wiring.metrics().read())
