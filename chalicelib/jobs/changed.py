"""Describe a change of a job, for what happens after it. Pure."""

from dataclasses import dataclass

from chalicelib.jobs.job import Job


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A change of one job: the job before and after it, without payload and result; None: it did not exist then.

    `sequence` is the position in the stream. `has_result`: the job has a result after the change. `expired`: the table
    itself has removed the job, because its time was over.
    """

    sequence: str
    before: Job | None
    after: Job | None
    has_result: bool = False
    expired: bool = False

    @property
    def ended(self) -> Job | None:
        """Return the job if this change ended a run of it.

        The discard of a failed job is no end, because the run had already ended. A row that appears with an end, as
        from a restore, is none either.
        """
        if self.before is None or self.after is None or self.before.terminal or not self.after.terminal:
            return None
        return self.after
