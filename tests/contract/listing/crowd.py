"""A crowd of jobs in all states, the filters that they are listed by, and walks through the pages."""

import random
from collections.abc import Iterator

from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.support import T0, a_job

TYPES = ("email.send", "image.process")
MESSAGES = ("boom", "order 17 of 'x'")
NAMES = {message: fingerprint("email.send", "TimedOut", message)[0] for message in (*MESSAGES, "order 18 of 'y'")}
FILTERS = [
    Filter(),
    *(Filter(status=status) for status in Status),
    Filter(type="image.process"),
    Filter(tag="urgent"),
    Filter(schedule="nightly"),
    Filter(schedule="night"),
    Filter(schedule="nightly", tag="urgent", status=Status.SCHEDULED),
    Filter(tenant="acme"),
    Filter(tenant="acm"),
    Filter(tenant="acme", type="image.process", status=Status.FAILED),
    Filter(error="time"),
    Filter(fingerprint=NAMES["boom"]),
    Filter(fingerprint=NAMES["boom"], status=Status.FAILED, tag="urgent"),
    Filter(fingerprint=NAMES["boom"], created_after=T0 + 5, created_before=T0 + 20),
    Filter(fingerprint=NAMES["order 18 of 'y'"], error="order 17"),
    Filter(fingerprint="no-such-name"),
    Filter(error="order … of …"),
    Filter(created_after=T0 + 5, created_before=T0 + 20),
    Filter(created_before=T0 + 10.0005),
    Filter(created_after=T0 + 10.0005),
    Filter(created_after=T0 + 20, created_before=T0 + 5),
    Filter(status=Status.FAILED, type="email.send", tag="urgent", created_after=T0 + 3, error="boom"),
    Filter(status=Status.QUEUED, created_before=T0 + 20),
    Filter(id_prefix="a"),
    Filter(id_prefix="no-job-begins-like-this"),
]


def crowd(number: int, seed: int = 7) -> list[Job]:
    """So many jobs in all states, some of the same millisecond."""
    chance = random.Random(seed)
    statuses, types, tags = (
        list(Status),
        list(TYPES),
        [(), ("urgent", "schedule:nightly"), ("night", "urgent", "tenant=acme")],
    )
    jobs = []
    for _ in range(number):
        status = chance.choice(statuses)
        created = T0 + chance.randrange(0, 30_000) / 1000 // 0.25 * 0.25
        later = created + chance.randrange(1, 9) if status is Status.SCHEDULED or chance.random() < 0.2 else None
        failed = status in (Status.FAILED, Status.DEAD_LETTER)
        kind, message = chance.choice(types), chance.choice(MESSAGES)
        jobs.append(
            a_job(
                status=status, type=kind, created_at=created, run_at=later, tags=chance.choice(tags),
                error_class="TimedOut" if failed else None, error_message=message if failed else None,
                fingerprint=fingerprint(kind, "TimedOut", message)[0] if failed else None,
            )
        )  # fmt: skip
    return jobs


def walk(store: JobStore, which: Filter, limit: int, position: str | None = None) -> Iterator[list[Job]]:
    """Every page from a position on, or from the newest job."""
    for _ in range(500):
        page = store.page(which, limit, position)
        assert len(page.jobs) <= limit
        yield list(page.jobs)
        position = page.position
        if position is None:
            return
    raise AssertionError("the pages do not end")


def ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def all_of(store: JobStore, which: Filter, limit: int = 7) -> list[Job]:
    return [job for page in walk(store, which, limit) for job in page]
