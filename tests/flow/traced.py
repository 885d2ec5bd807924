"""Define a job type with a step and a child; the flow tests add it to a copy of `handlers/`."""

TRACED = '''
from pydantic import BaseModel

from chalicelib import JobContext, consume, job


class FlowTraced(BaseModel):
    """Something that no span may contain."""

    secret: str = ""


def pay(amount: int) -> int:
    return amount


@job("flow.traced", timeout=60, enqueues=("flow.probe", "flow.gathered"))
def flow_traced(payload: FlowTraced, ctx: JobContext) -> int:
    """Keep a step, make a child, and fail once."""
    ctx.step("pay", pay, 7)
    ctx.enqueue("flow.probe", {}, key="child", tags=[payload.secret])
    if ctx.attempt == 1:
        raise ValueError(payload.secret)
    ctx.logger.info("the second attempt")
    return 7


handler = consume(flow_traced)
'''
