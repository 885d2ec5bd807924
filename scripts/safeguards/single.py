"""List the safeguards of unique and debounced jobs: one job for what several requests ask for."""

from scripts.safeguards.safeguard import PORTS, Safeguard

ONE = (
    "tests/chalicelib/service/single/test_single.py",
    "tests/chalicelib/service/single/test_debounced.py",
    "tests/chalicelib/service/single/test_repeated.py",
    "tests/chalicelib/jobs/test_single.py",
    "tests/contract/jobs/test_holders.py",
    PORTS,
)

SINGLE = (
    Safeguard(
        "a key is held by one job",
        "chalicelib.adapters.dynamo.jobs.holders:Holders.hold",
        "row.save(condition=same)",
        "row.save()",
        ("tests/contract/jobs/test_holders.py",),
    ),
    Safeguard(
        "a key row whose reply was lost knows itself",
        "chalicelib.adapters.dynamo.jobs.holders:Holders.hold",
        "found is not None and found.job == new.job",
        "False",
        ("tests/contract/jobs/test_holders.py",),
    ),
    Safeguard(
        "a job that was named and not stored is stored under its name",
        "chalicelib.service.single:only_one",
        "replace(job, id=held.job)",
        "job",
        ONE,
    ),
    Safeguard(
        "a debounced job that was named and not stored is stored under its name",
        "chalicelib.service.single:debounced",
        "replace(job, id=held.job)",
        "job",
        ONE,
    ),
    Safeguard(
        "a job that ended badly does not stand in the way",
        "chalicelib.service.single:only_one",
        "found.status not in RETRYABLE",
        "True",
        ONE,
    ),
    Safeguard(
        "only a job that waits is replaced",
        "chalicelib.service.single:debounced",
        "found is not None and found.status is Status.SCHEDULED and (not found.claims)",
        "found is not None",
        ONE,
    ),
    Safeguard(
        "a job that was claimed is not replaced",
        "chalicelib.jobs.single:replace_waiting",
        "(Test('claims', '=', 0),)",
        "()",
        ONE,
    ),
    Safeguard(
        "the message of a replaced job is stale",
        "chalicelib.jobs.single:replace_waiting",
        "{'gen': found.gen + 1}",
        "{}",
        ONE,
    ),
    Safeguard(
        "a replaced job needs a message",
        "chalicelib.jobs.single:replace_waiting",
        "{'sent': False}",
        "{}",
        ONE,
    ),
    Safeguard(
        "a key names the job of another request before its own time is asked",
        "chalicelib.service.single:only_one",
        "own is not None",
        "False",
        ONE,
    ),
    Safeguard(
        "a repeated key: the job under its own id answers, whoever replaced it",
        "chalicelib.service.single:_asked_before",
        "(own := _find(keeping, job.id)) is not None",
        "(own := None) is not None",
        ONE,
    ),
    Safeguard(
        "a repeated key: a job that has its key answers, also when it has run",
        "chalicelib.service.single:_asked_before",
        "found.id == job.id or _by_same_key(found, job)",
        "found.id == job.id",
        ONE,
    ),
    Safeguard(
        "a repeated key: what it replaced is remembered",
        "chalicelib.service.single:_remember",
        "job.idempotency_key is not None and kept.id != job.id",
        "False",
        ONE,
    ),
    Safeguard(
        "a repeated key: the one that died after it replaced is remembered later",
        "chalicelib.service.single:debounced",
        "before is found",
        "False",
        ONE,
    ),
    Safeguard(
        "a repeated key: another type under it is another request",
        "chalicelib.service.single:_again",
        "before.type != job.type",
        "False",
        ONE,
    ),
    Safeguard(
        "a repeated key: a new run of a job function is no repetition",
        "chalicelib.service.single:_by_same_key",
        "job.parent is not None and found.id != job.id",
        "False",
        ("tests/chalicelib/worker/making/test_enqueue.py",),
    ),
    Safeguard(
        "a repeated key: a name that another request took is left to it",
        "chalicelib.service.single:_of_its_key",
        "job = replace(job, id=next_id(job.id))",
        "return (job, None)",
        ONE,
    ),
)
