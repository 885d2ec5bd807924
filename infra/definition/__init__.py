"""Describe the platform once, for cloud and laptop: pure functions from the job types to CloudFormation.

Nothing is sent to AWS here; `infra/cloud` and `infra/local` use the description.
"""

from collections.abc import Sequence
from typing import Any

from chalicelib.job_types.jobtype import JobType
from infra.definition.data.buckets import buckets
from infra.definition.data.queues import queues
from infra.definition.data.tables import tables
from infra.definition.lambdas.environment import environment, local_environment
from infra.definition.lambdas.functions import (
    FunctionDefinition,
    QueueTrigger,
    ScheduleTrigger,
    StreamTrigger,
    functions,
)
from infra.definition.names import Resources, Value, stack_name

__all__ = [
    "FunctionDefinition", "QueueTrigger", "ScheduleTrigger", "StreamTrigger",
    "environment", "functions", "local_environment", "stack_name", "stateful",
]  # fmt: skip

LOCAL_ORIGIN = "http://localhost:8080"


def stateful(
    types: Sequence[JobType[Any, Any]], stack: str, origin: Value = LOCAL_ORIGIN, protect: Value = False
) -> Resources:
    """Return tables, queues and buckets: the resources that hold data. An emulator must create the same ones.

    `origin` is the dashboard's origin; `protect` prevents the deletion of the tables.
    """
    return {**tables(stack, protect), **queues(types, stack), **buckets(stack, origin)}
