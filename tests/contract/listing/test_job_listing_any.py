"""Any combination of filters, drawn at random: both stores list alike, by cursor and by offset, in few requests."""

import random

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import InvalidPosition
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import BY_TYPE, GROUPS, matches
from chalicelib.jobs.port import Filter
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.contract.filling import fill
from tests.contract.listing.crowd import all_of, ids, walk
from tests.seeding import ERROR, jobs
from tests.support import T0, requests_to

KINDS = ["email.send", "image.process"]
NUMBER = 120
DRAWN = 60


def most_requests(which: Filter) -> int:
    """The most requests of the store: 4 a group of the index, and 3 more.

    The API may ask once more, for the total.
    """
    kept = GROUPS.get(which.status, ()) if which.status and which.fingerprint is None else ()
    typed = len(BY_TYPE & set(kept))
    return 3 + 4 * (typed * (1 if which.type else len(KINDS)) or 1)


def drawn(chance: random.Random) -> Filter:
    """A filter of any number of parts; bounds lie at the very time of a job, beside it, and between milliseconds."""
    bound = T0 - chance.randrange(NUMBER) / 4
    return Filter(
        status=chance.choice([None, None, *Status]),
        type=chance.choice([None, *KINDS]),
        tag=chance.choice([None, None, "night"]),
        id_prefix=chance.choice([None, None, None, "a", "no-job-begins-like-this"]),
        error=chance.choice([None, None, None, "timeout"]),
        fingerprint=chance.choice([None, None, None, None, fingerprint(KINDS[0], *ERROR)[0]]),
        created_after=chance.choice([None, None, bound - 9, bound - 9.0004, bound + 1]),
        created_before=chance.choice([None, None, bound, bound + 0.0003, bound + 0.001]),
    )


def test_any_filters_together_list_alike(memory_store: MemoryJobStore, dynamo_store: DynamoJobStore) -> None:
    people = list(jobs(NUMBER, KINDS, T0))
    for store in (memory_store, dynamo_store):
        fill(store, people)
    chance = random.Random(29)
    found = refused = 0
    for which in (drawn(chance) for _ in range(DRAWN)):
        wanted = ids(all_of(memory_store, which, 100))
        assert sorted(wanted) == sorted(job.id for job in people if matches(job, which)), which
        with requests_to("dynamodb") as asked:
            pages = list(walk(dynamo_store, which, 9))
        assert [job.id for page in pages for job in page] == wanted, which
        assert len(asked) <= most_requests(which) * len(pages), which
        offset = chance.choice([1, 3, 20, 4000])
        try:
            page = dynamo_store.page(which, 9, offset=offset)
        except InvalidPosition:
            refused += 1
            continue
        finally:
            found += len(wanted)
        assert [job.id for job in page.jobs] == wanted[offset:][: len(page.jobs)], which
        assert page.jobs or len(wanted) <= offset, which
    assert found > NUMBER
    assert 0 < refused < DRAWN
