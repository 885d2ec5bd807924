"""List the safeguards of operators' acts: each that happened is told once, with who did it, and none that did not."""

from scripts.safeguards.safeguard import Safeguard

ACTS_TESTS = ("tests/chalicelib/service/test_operator_acts.py",)
ROWS = ("tests/contract/jobs/test_job_acts.py",)

ACTS = (
    Safeguard(
        "an act is written in the same request as its change",
        "chalicelib.service.operations:Operations._act",
        "acts.by_operator(change, found, act)",
        "change",
        ACTS_TESTS,
    ),
    Safeguard(
        "the act before is kept before its place is taken",
        "chalicelib.service.operations:Operations._act",
        "self.jobs.store.keep_act(found.id, before)",
        "None",
        ACTS_TESTS,
    ),
    Safeguard(
        "of two operators at once one is refused",
        "chalicelib.jobs.acts:by_operator",
        "(*change.tests, Test('acted', '=', found.acted))",
        "change.tests",
        ACTS_TESTS,
    ),
    Safeguard(
        "an act that is written down twice is one row",
        "chalicelib.adapters.dynamo.jobs.history:History.keep_act",
        "f'{ACT}{act.at:014.3f}#{act.name}'",
        "f'{ACT}{len(self.read(job_id)[1]):014}#{act.name}'",
        ROWS,
    ),
    Safeguard(
        "an edited payload leaves the one before",
        "chalicelib.service.operations:Operations.retry",
        "self.jobs.store.keep_payload(job_id, found.gen, found.payload)",
        "None",
        ACTS_TESTS,
    ),
    Safeguard(
        "who asked a running job to stop first stays on record",
        "chalicelib.service.operations:Operations.cancel",
        "found.status is Status.PROCESSING and found.cancel_requested and self._declared(found)",
        "False",
        ACTS_TESTS,
    ),
)
