"""Define job types for batches: the flow tests add each to a copy of `handlers/`."""

FAN_OUT = '''
from pydantic import BaseModel

from chalicelib import JobContext, consume, job


class FlowFan(BaseModel):
    """How many members; the first ones fail."""

    members: int = 3
    fail: int = 0


@job("flow.fan", timeout=60, enqueues=("flow.probe", "flow.gathered"))
def flow_fan(payload: FlowFan, ctx: JobContext) -> str:
    """Make a batch."""
    with ctx.batch(then="flow.gathered") as batch:
        for place in range(payload.members):
            how = {"fail": 9, "how": "permanent"} if place < payload.fail else {}
            batch.add("flow.probe", how, key=f"member-{place}")
    return batch.id


handler = consume(flow_fan)
'''
GATHERED = '''
from chalicelib import BatchEnd, JobContext, consume, job


@job("flow.gathered", timeout=60)
def flow_gathered(end: BatchEnd, ctx: JobContext) -> dict[str, object]:
    """Return what it is told."""
    return {"batch": end.batch, "round": end.round, "done": end.done, "failed": end.failed}


handler = consume(flow_gathered)
'''
