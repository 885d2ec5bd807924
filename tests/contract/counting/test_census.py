"""Test every promise of Census and Canaries, in memory and on DynamoDB."""

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counting import census as dynamo_census
from chalicelib.adapters.dynamo.counting.canaries import DynamoCanaries
from chalicelib.adapters.dynamo.counting.census import DynamoCensus
from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory import jobs as memory_jobs
from chalicelib.adapters.memory.counters import MemoryCanaries
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.changes import CanaryPassed
from chalicelib.counters.port import Canaries, Census, Seen
from chalicelib.ends.rule import end_id
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobStore
from chalicelib.settings import Settings
from tests.support import REGION, SETTINGS, T0, Clock, a_job, written


@pytest.fixture(params=["memory", "dynamo"])
def both(request: pytest.FixtureRequest, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> tuple[JobStore, Census]:
    """A store and its census, which reads two jobs per page."""
    monkeypatch.setattr(memory_jobs, "CENSUS_PAGE_IN_MEMORY", 2)
    monkeypatch.setattr(dynamo_census, "CENSUS_PAGE", 2)
    if request.param == "memory":
        store = MemoryJobStore(clock)
        return store, store
    cloud = request.getfixturevalue("cloud")
    return DynamoJobStore(cloud, clock), DynamoCensus(cloud)


def everything(census: Census) -> list[Seen]:
    return [one for part in range(census.parts()) for page in census.pages(part, None) for one in page.jobs]


def test_the_census_sees_each_job_once_as_it_stands(both: tuple[JobStore, Census]) -> None:
    store, census = both
    jobs = [a_job(created_at=T0 + n) for n in range(9)]
    for job in jobs:
        store.add(job)
    held = store.apply(jobs[0].id, transitions.claim(1, now=T0 + 20, lease_until=T0 + 80, by=Claimant("r")))
    seen = sorted(everything(census), key=lambda one: one.updated_at)
    assert len(seen) == 9
    assert seen[-1] == Seen("email.send", Status.PROCESSING, held.updated_at)


def test_the_census_tells_of_a_finished_job_all_that_names_its_end(both: tuple[JobStore, Census]) -> None:
    store, census = both
    told = a_job(on_end="export.ended", restored_at=T0 + 1, gen=2)
    for job in (told, a_job(on_end="export.ended"), a_job()):
        store.add(job)
        if job.on_end is None or job is told:
            store.apply(job.id, transitions.cancel(job, now=T0 + 5))
    (seen,) = [one.ended for one in everything(census) if one.ended is not None]
    assert (seen.id, seen.status, seen.finished_at, end_id(seen)) == (
        told.id, Status.CANCELLED, T0 + 5, end_id(told),
    )  # fmt: skip


def test_a_part_is_read_from_a_position_on(both: tuple[JobStore, Census]) -> None:
    store, census = both
    for n in range(17):
        store.add(a_job(created_at=T0 + n))
    for part in range(census.parts()):
        pages = list(census.pages(part, None))
        assert [page.position is None for page in pages] == [False] * (len(pages) - 1) + [True]
        for number, page in enumerate(pages[:-1], 1):
            rest = [one for later in census.pages(part, page.position) for one in later.jobs]
            assert rest == [one for later in pages[number:] for one in later.jobs]


def test_items_that_dynamodb_leaves_unread_are_asked_for_again(cloud: Settings, clock: Clock) -> None:
    store = DynamoJobStore(cloud, clock)
    for number in range(6):
        store.add(a_job(created_at=T0 + number))
    client = aws.client("dynamodb", REGION)
    left: list[str] = []

    def leave_some(parsed: dict[str, object], **_: object) -> None:
        items = parsed.get("Responses", {}).get(cloud.jobs_table, [])  # type: ignore[attr-defined]
        if len(items) > 1:
            taken = items.pop()
            left.append(taken["pk"]["S"])
            keys = [{"pk": taken["pk"], "sk": {"S": "META"}}]
            parsed["UnprocessedKeys"] = {cloud.jobs_table: {"Keys": keys}}

    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_some)
    try:
        seen = everything(DynamoCensus(cloud, lambda _: None))
    finally:
        client.meta.events.unregister("after-call.dynamodb.BatchGetItem", leave_some)
    assert left
    assert len(seen) == 6


@pytest.mark.parametrize("spoilt", ["status", "updated_at"])
def test_a_row_that_cannot_be_read_keeps_no_recount_from_the_others(cloud: Settings, clock: Clock, spoilt: str) -> None:
    store = DynamoJobStore(cloud, clock)
    jobs = [a_job(created_at=T0 + number) for number in range(3)]
    for job in jobs:
        store.add(job)
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.jobs_table, Key={"pk": {"S": jobs[1].id}, "sk": {"S": "META"}},
        UpdateExpression="SET #n = :v", ExpressionAttributeNames={"#n": spoilt},
        ExpressionAttributeValues={":v": {"S": "x"}},
    )  # fmt: skip
    with written() as lines:
        assert len(everything(DynamoCensus(cloud))) == 2
    assert [(line["message"], line["job_id"]) for line in lines] == [("row.unreadable", jobs[1].id)]


@pytest.mark.parametrize("where", ["memory", "dynamo"])
def test_canaries_are_as_many_as_asked_and_carry_their_run(where: str, request: pytest.FixtureRequest) -> None:
    canaries: Canaries = MemoryCanaries() if where == "memory" else DynamoCanaries(request.getfixturevalue("cloud"))
    run = f"{round(T0 * 1000):013}"
    canaries.release(run, 3)
    if isinstance(canaries, MemoryCanaries):
        assert canaries.released == [run] * 3
        return
    items = aws.client("dynamodb", REGION).scan(TableName=SETTINGS.jobs_table)["Items"]
    records = [{"dynamodb": {"SequenceNumber": str(n), "NewImage": item}} for n, item in enumerate(items)]
    assert [one.run for one in read(records) if isinstance(one, CanaryPassed)] == [run] * 3
    assert len({item["pk"]["S"] for item in items}) == 3
    assert {float(item["expires_at"]["N"]) for item in items} == {T0 + 86_400}
