"""Define a job type for `on_end`; the flow tests add it to a copy of `handlers/`."""

from typing import Any

from chalicelib import JobContext, JobEnd, consume, job


@job("flow.ended", timeout=60)
def flow_ended(end: JobEnd, ctx: JobContext) -> dict[str, Any]:
    """Return what it is told."""
    return {"status": end.status, "error": end.error_class, "result": end.result(ctx)}


handler = consume(flow_ended)
