"""Define a job type whose jobs run side by side; the flow tests add it to a copy of `handlers/`."""

TOGETHER = '''
import logging
import threading

from pydantic import BaseModel

from chalicelib import Function, JobContext, consume, job

FOUR = threading.Barrier(4)


class FlowTogether(BaseModel):
    """What the job writes into its lines."""

    name: str


@job("flow.together", timeout=150, function=Function(batch_size=4, threads=4, window=5))
def flow_together(payload: FlowTogether, ctx: JobContext) -> str:
    """Go on as soon as four jobs of this process run."""
    print(f"begun by {payload.name}, ", end="")
    FOUR.wait(60)
    print(f"ended by {payload.name}")
    FOUR.wait(60)
    logging.getLogger("library").warning("told by %s", payload.name)
    ctx.logger.info(f"logged by {payload.name}")
    return payload.name


handler = consume(flow_together)
'''
