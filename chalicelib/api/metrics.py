"""How the platform is doing."""

from chalicelib import wiring
from chalicelib.api.endpoint import Call, Endpoints, Text
from chalicelib.api.prometheus import CONTENT_TYPE, exposition, preferred
from chalicelib.api.responses import MetricsAnswer
from chalicelib.api.views import metrics_answer

endpoints = Endpoints()


@endpoints.get("/metrics", MetricsAnswer, types=("text/plain",), moving=("as_of",))
def read_metrics(call: Call) -> MetricsAnswer | Text:
    """Jobs by status and queue lengths, of all jobs and by type. As Prometheus text where `Accept` prefers it."""
    metrics = wiring.metrics().read()
    if preferred(call.headers.get("accept", "")):
        return Text(exposition(metrics), CONTENT_TYPE)
    return metrics_answer(metrics)
