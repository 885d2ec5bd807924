"""What the adapters add: conditions on real writes, lost replies, consistent reads."""

from scripts.safeguards.safeguard import ADAPTERS, Safeguard

STORE = (
    Safeguard(
        "the condition on create", "chalicelib/adapters/dynamo/jobs.py",
        "row.save(condition=free(self._clock()))", "row.save()", ADAPTERS,
    ),
    Safeguard(
        "the condition on every change", "chalicelib/adapters/dynamo/jobs.py",
        ", condition(change, self._clock()))", ")", ADAPTERS,
    ),
    Safeguard(
        "a write whose reply was lost knows itself", "chalicelib/adapters/dynamo/jobs.py",
        "if found is None or found.writer != change.writer:", "if True:", ADAPTERS,
    ),
    Safeguard(
        "a creation whose reply was lost knows itself", "chalicelib/adapters/dynamo/jobs.py",
        "or (job.writer and found.writer == job.writer):", "or False:", ADAPTERS,
    ),
    Safeguard(
        "an error on record is never written over as lost", "chalicelib/adapters/dynamo/jobs.py",
        "condition=unknown() if attempt.outcome == j.LOST else None", "", ADAPTERS,
    ),
    Safeguard(
        "reads are consistent", "chalicelib/adapters/dynamo/jobs.py",
        "row = self._rows.get(job_id, META, consistent_read=True)",
        "row = self._rows.get(job_id, META)", ("tests/chalicelib/adapters/dynamo/test_consistent_reads.py",),
    ),
)  # fmt: skip
