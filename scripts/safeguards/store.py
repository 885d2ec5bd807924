"""List the safeguards of the adapters: conditions on real writes, lost replies, consistent reads, counters."""

from scripts.safeguards.safeguard import ADAPTERS, Safeguard

LIVES = ("tests/contract/jobs/test_lives.py",)
LONG = ("tests/contract/jobs/test_long_lives.py",)

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
        "    actions(job_id, change, self._bodies.place(job_id, change), self._shards),\n"
        "    condition(change, self._clock()),\n)",
        "row.update(actions(job_id, change, self._bodies.place(job_id, change), self._shards))",
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
        "row.save(condition=unknown(attempt) if attempt.outcome == LOST else None)",
        "row.save()",
        ADAPTERS,
    ),
    Safeguard(
        "a lost attempt is on record also where a job of that id had one before",
        "chalicelib.adapters.dynamo.jobs.writes:unknown",
        "AttemptRow.pk.does_not_exist() | (AttemptRow.started_at < lives.since(lost.started_at))",
        "AttemptRow.pk.does_not_exist()",
        LIVES,
    ),
    Safeguard(
        "a payload of an expired job is not told as that of a later one",
        "chalicelib.adapters.dynamo.jobs.bodies:Bodies.past",
        "row is None or row.expires_at - KEEP_BODIES <= since",
        "row is None",
        LIVES,
    ),
    Safeguard(
        "reads are consistent",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore._find",
        "self._rows.get(job_id, META, consistent_read=True)",
        "self._rows.get(job_id, META)",
        ("tests/chalicelib/adapters/dynamo/test_consistent_reads.py",),
    ),
    Safeguard(
        "a payload that soon expires is written again by who reads it",
        "chalicelib.adapters.dynamo.jobs.bodies:Bodies.read_on",
        "self._put(job_id, reference, row.body)",
        "pass",
        LONG,
    ),
    Safeguard(
        "a payload that cannot be written again is handed out",
        "chalicelib.adapters.dynamo.jobs.bodies:Bodies.read_on",
        "failed(error)",
        "raise",
        LONG,
    ),
    Safeguard(
        "the payload of a job that waits for months without a claim is looked at",
        "chalicelib.adapters.dynamo.jobs.store:DynamoJobStore._after",
        "move in WAITED and old and in_table(row.payload_ref)",
        "False",
        LONG,
    ),
)

RECOUNT = ("tests/chalicelib/counters/test_recount.py",)
NOT_FROZEN = ("tests/chalicelib/counters/test_not_frozen.py", "tests/contract/counting/test_counters.py")
MARKS = ("tests/contract/counting/test_moved_marks.py",)
COUNTERS = "chalicelib.adapters.dynamo.counting.counters:DynamoCounters"

COUNTING = (
    Safeguard(
        "changes that a moved mark may cover are compared with it",
        f"{COUNTERS}.add",
        "new &= moved.does_not_exist() | (moved < marks.stamp(times.earliest))",
        "pass",
        MARKS,
    ),
    Safeguard(
        "a moved mark is read where it is kept",
        f"{COUNTERS}.add",
        "item.get(f'{MARK}{source}') or self.mark(keys.moved(row, source, 0.0), source)",
        "item.get(f'{MARK}{source}')",
        MARKS,
    ),
    Safeguard(
        "a look between the read of a moved mark and the write refuses the write",
        f"{COUNTERS}.add",
        "mark.does_not_exist() & same",
        "mark.does_not_exist()",
        MARKS,
    ),
    Safeguard(
        "a mark is kept before it is taken out",
        f"{COUNTERS}._move",
        "self.add(keys.moved(row, source, now), Additions(), source, place, place)",
        "pass",
        MARKS,
    ),
    Safeguard(
        "a mark that has moved on is not taken out",
        f"{COUNTERS}._move",
        "functools.reduce(and_, unchanged, earlier)",
        "earlier",
        MARKS,
    ),
    Safeguard(
        "what moved marks may cover never becomes less",
        f"{COUNTERS}._move",
        "functools.reduce(and_, unchanged, earlier)",
        "functools.reduce(and_, unchanged)",
        MARKS,
    ),
    Safeguard(
        "a mark of a row that is looked after tells when it was written",
        "chalicelib.counters.stream:StreamCounter._add",
        "max(now, *at)",
        "0.0",
        MARKS,
    ),
    Safeguard(
        "a recount judges only after the stream has passed its canaries",
        "chalicelib.counters.recounting.recount:Recount.step",
        "not self._passed(run, left)",
        "False",
        RECOUNT,
    ),
    Safeguard(
        "all canaries are waited for, not the first of them",
        "chalicelib.counters.recounting.recount:Recount._passed",
        "int(self.rows.read(row).get(keys.SEEN, 0)) < CANARIES",
        "int(self.rows.read(row).get(keys.SEEN, 0)) < 1",
        RECOUNT,
    ),
    Safeguard(
        "a record that cannot be read is skipped, and the others are counted",
        "chalicelib.adapters.dynamo.counting.changes:read",
        "told = _unreadable(record, error)",
        "raise",
        NOT_FROZEN,
    ),
    Safeguard(
        "an older message of a changed job tells nothing of the others",
        "chalicelib.counters.fold:_claimed",
        "old.resends or (old.status is Status.QUEUED and old.updated_at > old.created_at)",
        "old.resends",
        ("tests/chalicelib/counters/test_signs.py",),
    ),
    Safeguard(
        "a change that cannot be counted is skipped, and the others are counted",
        "chalicelib.counters.fold:fold",
        "folded.skipped.append(Unreadable(one.sequence, item.id if item else '?', f'{type(error).__name__}: {error}'))",
        "raise",
        NOT_FROZEN,
    ),
    Safeguard(
        "a record that no row takes is skipped, and the others are counted",
        "chalicelib.counters.stream:StreamCounter._add",
        "counted.skipped.extend((Unreadable(one.sequence, f'{row.pk}/{row.sk}', str(error)) for one in left))\nreturn",
        "raise",
        NOT_FROZEN,
    ),
    Safeguard(
        "a row is tidied before the write that would fill it",
        "chalicelib.counters.stream:StreamCounter.count",
        """
self._tidy(row, now)
for piece in pieces(left):
    self._add(row, piece, source, counted, now)
""",
        """
for piece in pieces(left):
    self._add(row, piece, source, counted, now)
self._tidy(row, now)
""",
        NOT_FROZEN,
    ),
)
