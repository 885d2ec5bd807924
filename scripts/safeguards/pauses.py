"""List the safeguards of pauses by themselves: nothing is spent meanwhile, and nothing stays paused."""

from scripts.safeguards.safeguard import Safeguard

RULES = ("tests/chalicelib/jobs/test_auto_pause.py",)
GATE = ("tests/chalicelib/worker/before/test_gate.py",)
SWITCH = ("tests/chalicelib/watchdog/test_auto_pause.py", "tests/chalicelib/watchdog/test_probes.py")
ROWS = ("tests/contract/control/test_auto_pauses.py", "tests/contract/counting/test_counters.py")

PAUSES = (
    Safeguard(
        "a job without a message is sent before it is tried",
        "chalicelib.watchdog.auto_pause:AutoPausing._probe",
        "job.sent or self.send(job).sent",
        "True",
        SWITCH,
    ),
    Safeguard(
        "an attempt that completes ends the streak",
        "chalicelib.jobs.auto_pause:completed",
        "replace(seen, failures=())",
        "None",
        RULES,
    ),
    Safeguard(
        "failures of another error are not counted",
        "chalicelib.jobs.auto_pause:failed",
        "seen.failures if fingerprint == seen.fingerprint else ()",
        "seen.failures",
        RULES,
    ),
    Safeguard(
        "failures of long ago are not counted",
        "chalicelib.jobs.auto_pause:failed",
        "at > now - rule.within",
        "True",
        RULES,
    ),
    Safeguard(
        "no second probe beside the first",
        "chalicelib.jobs.auto_pause:probing",
        "now + max(cooldown, left)",
        "now",
        (*RULES, *GATE),
    ),
    Safeguard(
        "each probe waits twice as long",
        "chalicelib.jobs.auto_pause:probing",
        "2 * seen.cooldown",
        "seen.cooldown",
        RULES,
    ),
    Safeguard(
        "only its own probe ends a pause",
        "chalicelib.jobs.auto_pause:succeeded",
        "seen.probe != probe",
        "False",
        RULES,
    ),
    Safeguard(
        "a pause that comes back begins with the wait that was reached",
        "chalicelib.jobs.auto_pause:_begin_with",
        "recent",
        "False",
        RULES,
    ),
    Safeguard(
        "a message that comes meanwhile is held",
        "chalicelib.worker.gate:AutoPauseGate._holds",
        "row is None or row.since is None",
        "True",
        GATE,
    ),
    Safeguard(
        "no probe when nobody can say whether it was taken",
        "chalicelib.worker.gate:AutoPauseGate._take",
        "return Hold(round(FRESH), 'aws error')",
        "taken = self.known",
        GATE,
    ),
    Safeguard(
        "a probe that ran nothing is taken back",
        "chalicelib.worker.gate:AutoPauseGate._give_back",
        "self._tell(untried(self.probe, self.clock()))",
        "pass",
        GATE,
    ),
    Safeguard(
        "lost attempts are failures",
        "chalicelib.worker.claim:Claims._record_lost",
        "self.hears(lost, attempt)",
        "pass",
        GATE,
    ),
    Safeguard(
        "a queue that may be off is switched on",
        "chalicelib.watchdog.auto_pause:AutoPausing._paused",
        "replace(row, switched_at=self.clock())",
        "row",
        SWITCH,
    ),
    Safeguard(
        "it is switched on until no other run can switch it off",
        "chalicelib.watchdog.auto_pause:AutoPausing._on",
        "age > SURE and self._pause_of(name) is None",
        "True",
        SWITCH,
    ),
    Safeguard(
        "an operator's pause is not lifted",
        "chalicelib.watchdog.auto_pause:AutoPausing._on",
        "pause is not None and (not pause.by_itself)",
        "False",
        SWITCH,
    ),
    Safeguard(
        "nothing is tried while an operator has paused the type",
        "chalicelib.watchdog.auto_pause:AutoPausing._paused",
        "by_operator or self.clock() < row.probe_at",
        "self.clock() < row.probe_at",
        SWITCH,
    ),
    Safeguard(
        "a parked job is a candidate",
        "chalicelib.watchdog.auto_pause:AutoPausing._probe",
        "(Search(name), Search(name, planned=True, before=now))",
        "(Search(name),)",
        SWITCH,
    ),
    Safeguard(
        "a type without jobs does not stay paused",
        "chalicelib.watchdog.auto_pause:AutoPausing._probe",
        "change(self.rows, name, idle(now)) is not None",
        "False",
        SWITCH,
    ),
    Safeguard(
        "an operator's resume reaches the workers",
        "chalicelib.service.pause:Pausing.resume",
        "change(rows, job_type, resumed)",
        "pass",
        SWITCH,
    ),
    Safeguard(
        "a row is written by who has seen it",
        "chalicelib.adapters.dynamo.control.auto_pauses:DynamoAutoPauses.replace",
        "row.update(actions, same)",
        "row.update(actions)",
        ROWS,
    ),
    Safeguard(
        "an operator's pause takes the place of one by itself",
        "chalicelib.adapters.dynamo.counting.counters:DynamoCounters.pause",
        "Path([SINCE]).does_not_exist() | Path([PROBE_AT]).exists()",
        "Path([SINCE]).does_not_exist()",
        ROWS,
    ),
)
