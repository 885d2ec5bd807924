"""List the safeguards of tenants: each message under its job's tenant, and no re-send because another was faster."""

from scripts.safeguards.safeguard import PORTS, Safeguard

TESTS = ("tests/chalicelib/service/test_tenants.py", "tests/chalicelib/jobs/test_tenants.py", PORTS)

TENANTS = (
    Safeguard(
        "each message carries its job's tenant",
        "chalicelib.service.dispatch:_message",
        "Message(job.id, job.gen, job.type, job.correlation_id, group_of(job.tags))",
        "Message(job.id, job.gen, job.type, job.correlation_id)",
        TESTS,
    ),
    Safeguard(
        "another payload may name another tenant",
        "chalicelib.service.operations:_edited",
        "edited if tags == found.tags else {**edited, 'tags': tags}",
        "edited",
        TESTS,
    ),
    Safeguard(
        "a caller's tag is no tenant",
        "chalicelib.jobs.tenants:tagged",
        "(*shown(tags), *([tag_of(tenant)] if tenant else []))",
        "(*tags, *([tag_of(tenant)] if tenant else []))",
        TESTS,
    ),
    Safeguard(
        "what SQS refuses is sent as a hash",
        "chalicelib.jobs.tenants:group_of",
        "tenant if tenant is None or GROUP.fullmatch(tenant) else _hash(tenant.encode())[:32]",
        "tenant",
        TESTS,
    ),
    Safeguard(
        "where tenants take turns, a later claim is no sign of a loss",
        "chalicelib.watchdog.search:signs_of",
        "None if registry.out_of_order(job_type) else standing.claimed_to.get(job_type)",
        "standing.claimed_to.get(job_type)",
        ("tests/chalicelib/watchdog/test_resending.py",),
    ),
)
