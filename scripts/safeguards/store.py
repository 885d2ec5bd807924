"""List the safeguards of the adapters: conditions on real writes, lost replies, consistent reads."""

from scripts.safeguards.safeguard import ADAPTERS, Safeguard

STORE = (
    Safeguard(
        "the condition on create",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore.add",
        "row.save(condition=free(self._clock()))",
        "row.save()",
        ADAPTERS,
    ),
    Safeguard(
        "the condition on every change",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore.apply",
        "row.update(\n"
        "    actions(job_id, change, self._place(job_id, change), self._shards), condition(change, self._clock())\n)",
        "row.update(actions(job_id, change, self._place(job_id, change), self._shards))",
        ADAPTERS,
    ),
    Safeguard(
        "a write whose reply was lost knows itself",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore.apply",
        "found is None or found.writer != change.writer",
        "True",
        ADAPTERS,
    ),
    Safeguard(
        "a creation whose reply was lost knows itself",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore._own",
        "job.writer and found.writer == job.writer",
        "False",
        ADAPTERS,
    ),
    Safeguard(
        "an error on record is never written over as lost",
        "chalicelib.adapters.dynamo.jobs.history:History.record",
        "row.save(condition=unknown() if attempt.outcome == LOST else None)",
        "row.save()",
        ADAPTERS,
    ),
    Safeguard(
        "reads are consistent",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore._find",
        "self._rows.get(job_id, META, consistent_read=True)",
        "self._rows.get(job_id, META)",
        ("tests/chalicelib/adapters/dynamo/test_consistent_reads.py",),
    ),
)
