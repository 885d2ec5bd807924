"""List the safeguards of unique and debounced jobs: one job for what several requests ask for."""

from scripts.safeguards.safeguard import PORTS, Safeguard

ONE = (
    "tests/chalicelib/service/single/test_single.py",
    "tests/chalicelib/service/single/test_debounced.py",
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
        "the row of a debounce key outlives a long pause of its job",
        "chalicelib.adapters.dynamo.jobs.holders:Holders.hold",
        "KEEP_WAITING_KEYS if isinstance(key, WaitingKey) else KEEP_KEYS",
        "KEEP_KEYS",
        ("tests/contract/jobs/test_long_lives.py",),
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
        "(own := _find(keeping, job.id)) is not None",
        "(own := None) is not None",
        ONE,
    ),
)
