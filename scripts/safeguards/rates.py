"""List the safeguards of rates: no start too many, and no job that waits for nothing."""

from scripts.safeguards.safeguard import PORTS, Safeguard

TESTS = ("tests/chalicelib/worker/together/test_rate.py",)
NEWCOMERS = ("tests/chalicelib/worker/together/test_newcomers.py",)
PLAN = ("tests/contract/control/test_turns.py",)

RATES = (
    Safeguard(
        "a start that is late takes another slot",
        "chalicelib.worker.pacing:Pacing._start",
        "self.clock() <= slot + self.rate.late",
        "True",
        TESTS,
    ),
    Safeguard(
        "the rest of a batch is not claimed for nothing",
        "chalicelib.worker.pacing:Pacing.next",
        "self._taken()",
        "False",
        NEWCOMERS,
    ),
    Safeguard(
        "slots leave room for late starts",
        "chalicelib.jobs.types.rate:Rate.apart",
        "(self.per + self.late) / (self.n + self.burst)",
        "0",
        TESTS,
    ),
    Safeguard(
        "what cannot be planned does not start",
        "chalicelib.worker.consume:Worker._run",
        "(PayloadUnreadable, SecretUnavailable, StartUnavailable)",
        "(PayloadUnreadable, SecretUnavailable)",
        TESTS,
    ),
    Safeguard(
        "a turn that is far away is parked",
        "chalicelib.worker.pacing:Pacing.parks",
        "at - self.clock() > SQS_LONGEST_DELAY",
        "False",
        TESTS,
    ),
    Safeguard(
        "who has a turn does not queue again",
        "chalicelib.worker.pacing:Pacing._queues",
        "not has_turn(job) or self._taken()",
        "True",
        TESTS,
    ),
    Safeguard(
        "turns of jobs that are gone are forgotten",
        "chalicelib.worker.pacing:Pacing._forget_the_gone",
        "self.turns.forget(self.name, self.known.turns_to)",
        "pass",
        TESTS,
    ),
    Safeguard(
        "turns of jobs that start are not forgotten",
        "chalicelib.worker.pacing:Pacing._forget_the_gone",
        "self.known = self.turns.taken(self.name)",
        "pass",
        NEWCOMERS,
    ),
    Safeguard(
        "one turn for one job",
        "chalicelib.jobs.turns:wait_for_turn",
        "('next_attempt_at', seen.next_attempt_at)",
        "('gen', seen.gen)",
        ("tests/chalicelib/jobs/test_turns.py", PORTS),
    ),
    Safeguard(
        "a slot that was given out is not given out again",
        "chalicelib.adapters.dynamo.control.turns:DynamoTurns._write",
        "field.does_not_exist() | (field < begin) if behind else field >= begin",
        "field.does_not_exist() | (field >= 0)",
        PLAN,
    ),
    Safeguard(
        "a slot that a worker has met is not lost to an older read",
        "chalicelib.adapters.dynamo.control.turns:DynamoTurns.taken",
        "known is not None and (row.slots_to or 0) < (known.slots_to or 0)",
        "False",
        PLAN,
    ),
    Safeguard(
        "a repeated write takes one slot",
        "chalicelib.adapters.dynamo.control.turns:DynamoTurns._write",
        "PlanRow.writer.does_not_exist() | (PlanRow.writer != writer)",
        "PlanRow.pk.does_not_exist() | (PlanRow.pk != '')",
        PLAN,
    ),
)
