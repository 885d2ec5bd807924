"""The numbers that follow from the declaration of a job type. Pure."""

from collections.abc import Callable

from chalicelib.jobs.limits import LONGEST_TURN_WAIT, SAFETY, SPARE_RECEIVES
from chalicelib.jobs.serial import ENDING
from chalicelib.jobs.types.backoff import Curve, receives
from chalicelib.jobs.types.rate import Rate
from chalicelib.jobs.types.registry import Declared


class Figures(Declared):
    """The numbers that `JobType` derives from these fields of its own; times in seconds."""

    max_attempts: int
    timeout: int
    batch_size: int
    window: int
    budget: float
    retry: Curve
    give_up_after: float | None
    rate: Rate | Callable[[], Rate | None] | None
    fair_by: str | None
    serial_by: str | None

    @property
    def visibility_timeout(self) -> int:
        """Seconds: 6 x function timeout + batching window, as the Lambda developer guide asks for SQS sources."""
        return 6 * self.timeout + self.window

    @property
    def job_budget(self) -> float:
        """Seconds that one job must still have before it is claimed: an equal share of what the batch has."""
        return self.budget or (self.timeout - SAFETY - self.turn_wait) / self.batch_size

    @property
    def turn_wait(self) -> float:
        """Seconds that a job waits for its start within an invocation; 0 for a type without a rate."""
        return 0.0 if self.rate is None else min(LONGEST_TURN_WAIT, self.timeout / 10)

    @property
    def pace(self) -> Rate | None:
        """Return the rate as it is on this stage; None without one."""
        return self.rate() if callable(self.rate) else self.rate

    @property
    def max_receives(self) -> int:
        """Return how often SQS hands out one message before it moves to the dead-letter queue (`maxReceiveCount`)."""
        own = receives(self.retry, self.max_attempts) + SPARE_RECEIVES
        # in a batch a message comes again as well for each one of its key before it that does
        return own if self.serial_by is None else own * self.batch_size

    @property
    def keyed_by(self) -> str | None:
        """Return the field of the payload whose value a job's messages carry as their group; None without one."""
        return self.serial_by or self.fair_by

    def give_up_at(self, start: float) -> float | None:
        """Return when a run that is due at `start` is given up (epoch seconds); None: when its attempts are spent."""
        return None if self.give_up_after is None else round(start + self.give_up_after, 3)

    @property
    def queue_ending(self) -> str:
        """Return what ends the names of its queues: SQS asks for it of FIFO queues."""
        return "" if self.serial_by is None else ENDING
