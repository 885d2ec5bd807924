"""Test every pair of filters: pages visit each matching job exactly once while jobs are created and finish.

It plays a fifth of the pairs, with every filter among them, and all of them with `--whole`.
"""

import itertools
import random
from dataclasses import asdict, replace
from typing import Any

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import matches
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.contract.filling import fill
from tests.contract.listing.crowd import walk
from tests.support import T0, a_job
from tests.whole import OPTION

KIND = fingerprint("image.process", "ValueError", "order 1 of 'x'")[0]
PARENT = "6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f"
BATCH = "0c9b7a6d-8c1e-4f0e-9f7e-6a1de45f5e4f"
PARTS: dict[str, dict[str, Any]] = {
    "active": {"status": Status.QUEUED}, "group": {"status": Status.FAILED}, "finished": {"status": Status.COMPLETED},
    "type": {"type": "image.process"}, "from": {"created_after": T0 + 6}, "until": {"created_before": T0 + 22},
    "tag": {"tag": "urgent"}, "prefix": {"id_prefix": "a"}, "error": {"error": "order … of …"},
    "kind": {"fingerprint": KIND}, "schedule": {"schedule": "nightly"}, "tenant": {"tenant": "acme"},
    "payload": {"payload": "to=ADA"}, "parent": {"parent": PARENT}, "ended": {"finished_after": T0 + 5},
    "ended before": {"finished_before": T0 + 21}, "member": {"batch": BATCH},
    "round": {"batch": BATCH, "round": 2},
}  # fmt: skip
PAIRS = [pair for pair in itertools.combinations(PARTS, 2) if not PARTS[pair[0]].keys() & PARTS[pair[1]].keys()]
PART = PAIRS[::5]

NEVER = [{error, state} for error in ("error", "kind") for state in ("active", "finished")]
"""Jobs with these statuses have no error."""
NEVER += [{"active", end} for end in ("ended", "ended before")]


def crowd() -> list[Job]:
    """Return jobs of which every pair of filters matches some: half of them have ids with the same beginning."""
    chance = random.Random(17)
    found = []
    for place in range(48):
        status = (Status.QUEUED, Status.FAILED, Status.COMPLETED)[place % 3]
        failed = status is Status.FAILED
        kind, error = ("email.send", "image.process")[place // 3 % 2], ("ValueError", f"order {place} of 'x'")
        job = a_job(
            status=status, created_at=T0 + place / 2, updated_at=T0 + place / 2, type=kind,
            payload={"to": f"{('ada', 'bob')[place // 12 % 2]}@example.com"},
            tags=(
                *(("urgent",) if place // 6 % 2 else ()), *(("schedule:nightly",) if place < 24 else ()),
                *(("tenant=acme",) if place % 7 else ()),
            ),
            error_class=error[0] if failed else None, error_message=error[1] if failed else None,
            fingerprint=fingerprint(kind, *error)[0] if failed else None,
            finished_at=None if status is Status.QUEUED else T0 + place / 2 + 0.25,
            parent=PARENT if place % 5 else None, root=PARENT if place % 5 else None, idempotency_key=f"k{place}",
            batch=BATCH if place % 11 else None, round=1 + place // 24,
        )  # fmt: skip
        found.append(replace(job, id=f"{chance.choice('ab')}{job.id[1:]}"))
    return found


def disturb(store: JobStore, untouched: list[Job], number: int) -> Job | None:
    """Create one job and process a waiting one, between two pages; return the latter."""
    store.add(a_job(created_at=T0 + 40 + number, tags=("urgent",), type="image.process"))
    waiting = [job for job in untouched if job.status is Status.QUEUED]
    if not waiting:
        return None
    job = waiting[number * 7 % len(waiting)]
    claim = transitions.claim(1, now=T0 + 50, lease_until=T0 + 99, by=Claimant("r"))
    held = store.apply(job.id, claim)
    store.apply(job.id, transitions.complete(held, now=T0 + 51, result=None))
    return job


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the pairs of this run."""
    if "other" in metafunc.fixturenames:
        metafunc.parametrize(("one", "other"), PAIRS if metafunc.config.getoption(OPTION) else PART)


@pytest.mark.usefixtures("whole")
def test_pages_of_two_filters_show_each_job_once(store: JobStore, one: str, other: str) -> None:
    which = Filter(**PARTS[one], **PARTS[other])
    start = crowd()
    fill(store, start)
    untouched, seen = list(start), []
    for number, page in enumerate(walk(store, which, 3)):
        seen += [job.id for job in page]
        assert all(matches(job, which) for job in page)
        moved = disturb(store, untouched, number)
        untouched = [job for job in untouched if job is not moved]
    assert len(seen) == len(set(seen))
    expected = {job.id for job in untouched if matches(job, which)}
    assert expected or {one, other} in NEVER
    assert expected <= set(seen) <= {job.id for job in start}


def test_every_filter_is_in_a_pair() -> None:
    told = {name for part in PARTS.values() for name in part}
    assert told == set(asdict(Filter()))
