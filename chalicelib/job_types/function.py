"""Declare the Lambda function that runs the jobs of a type. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.checks import check_number
from chalicelib.job_types.constants import (
    DEFAULT_MEMORY_MB,
    EPHEMERAL_MB,
    LARGEST_BATCH,
    LONGEST_WINDOW,
    MEMORY_MB,
    MOST_CONCURRENCY,
    MOST_LAYERS,
    MOST_THREADS,
)

LAYER = re.compile(r"arn:[^:\s]+:lambda:[^:\s]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Set the Lambda function of a job type. Raises ConfigurationError.

    * `memory`: MB (128-10240); more memory also gives more processor time.
    * `batch_size`: jobs in one invocation (1-10). More than one is cheaper, for jobs of at most `budget` seconds
      each; jobs without enough time left return to the queue.
    * `threads`: jobs of an invocation that run at the same time, each in a thread (1-8, at most `batch_size`): for
      jobs that mostly wait for a network. The function and its libraries must be thread-safe. If the process ends
      early, each job that it was running has used up an attempt, so `max_attempts` must be 2 or more.
    * `budget`: seconds that one job of a batch needs (0.1 to the timeout); default: an equal share of the timeout.
    * `window`: seconds to wait for a fuller batch (0-300).
    * `concurrency`: maximum number of simultaneous invocations (2-1000); default: 20, or fewer with a low `rate=`.
      With `urgent=True`, each of the two queues has a half (4-1000); default: 40.
    * `vpc`: run in the stage's subnets.
    * `layers`: ARNs of layer versions, at most 5.
    * `ephemeral_storage`: MB of /tmp (512-10240).
    * `own_alarms`: CloudWatch alarms and metrics of this function and its queue alone, in addition to the stage's.
    """

    memory: int = DEFAULT_MEMORY_MB
    batch_size: int = 1
    threads: int = 1
    budget: float | None = None
    window: int = 0
    concurrency: int | None = None
    vpc: bool = False
    layers: Sequence[str] = ()
    ephemeral_storage: int = EPHEMERAL_MB[0]
    own_alarms: bool = False

    @property
    def waves(self) -> int:
        """Return how many jobs of a full batch run one after the other, in the busiest thread."""
        return math.ceil(self.batch_size / self.threads)

    def __post_init__(self) -> None:
        check_number("function: memory", self.memory, *MEMORY_MB, "MB")
        check_number("function: batch_size", self.batch_size, 1, LARGEST_BATCH)
        check_number("function: threads", self.threads, 1, MOST_THREADS)
        if self.threads > self.batch_size:
            raise ConfigurationError(
                f"function: threads={self.threads} needs a batch_size of {self.threads} or more: an invocation has at "
                f"most batch_size={self.batch_size} jobs, and other threads would have no job"
            )
        check_number("function: window", self.window, 0, LONGEST_WINDOW, "seconds")
        check_number("function: ephemeral_storage", self.ephemeral_storage, *EPHEMERAL_MB, "MB")
        if self.concurrency is not None:
            if self.concurrency == 1:
                raise ConfigurationError(
                    "function: concurrency must be 2 or more: Lambda polls a queue with two invocations at least. For "
                    "jobs that run one at a time give serial_by= the field of the payload that they share; a field "
                    "with one value for all makes it all jobs of the type (docs/job-types/serial-by.md)"
                )
            check_number("function: concurrency", self.concurrency, 2, MOST_CONCURRENCY)
        if not isinstance(self.vpc, bool):
            raise ConfigurationError("function: vpc must be True or False; the stage's parameters name the subnets")
        if not isinstance(self.own_alarms, bool):
            raise ConfigurationError("function: own_alarms must be True or False")
        wrong = [self.layers] if isinstance(self.layers, str) else [one for one in self.layers if not _is_layer(one)]
        if wrong:
            raise ConfigurationError(
                f"function: layers is a list of ARNs of layer versions, and {wrong[0]!r} is none; write "
                "arn:aws:lambda:eu-west-1:123456789012:layer:fonts:3"
            )
        if len(self.layers) > MOST_LAYERS:
            raise ConfigurationError(f"function: layers: Lambda accepts at most {MOST_LAYERS}")


def _is_layer(written: object) -> bool:
    return isinstance(written, str) and LAYER.fullmatch(written) is not None
