"""Test lists at their limits: unread batches, endless offsets, shards whose answer is incomplete."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters import aws
from chalicelib.adapters.constants import MOST_ENTRIES_OF_PAGE
from chalicelib.adapters.dynamo.jobs.merging import Entry, Slice, merge
from chalicelib.adapters.dynamo.jobs.pages import Pages
from chalicelib.adapters.dynamo.jobs.rows import JobRow
from chalicelib.adapters.dynamo.jobs.shards import FOUR
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.errors import RowsUnreadable
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.settings import Settings
from tests.contract.filling import fill
from tests.support import REGION, SETTINGS, T0, a_job, requests_to, written

Withhold = Callable[[set[str], int], None]


@pytest.fixture
def withheld() -> Iterator[Withhold]:
    """Make DynamoDB leave these jobs unread in that many batches, as it does when it is throttled."""
    events = aws.client("dynamodb", REGION).meta.events
    hooks: list[Any] = []

    def withhold(ids: set[str], times: int) -> None:
        left = [times]

        def cut(parsed: dict[str, Any], **_: Any) -> None:
            if left[0] > 0:
                left[0] -= 1
                found = parsed["Responses"][SETTINGS.jobs_table]
                parsed["Responses"][SETTINGS.jobs_table] = [item for item in found if item["pk"]["S"] not in ids]
                keys = [{"pk": item["pk"], "sk": item["sk"]} for item in found if item["pk"]["S"] in ids]
                parsed["UnprocessedKeys"] = {SETTINGS.jobs_table: {"Keys": keys}} if keys else {}

        hooks.append(cut)
        events.register("after-call.dynamodb.BatchGetItem", cut)

    yield withhold
    for hook in hooks:
        events.unregister("after-call.dynamodb.BatchGetItem", hook)


def filled(store: DynamoJobStore, number: int, **fields: Any) -> list[Job]:
    """Store that many jobs; return them, newest first."""
    jobs = [a_job(created_at=T0 + n, **fields) for n in range(number)]
    fill(store, jobs)
    return jobs[::-1]


def test_what_was_left_unread_is_asked_for_again(store: DynamoJobStore, withheld: Withhold) -> None:
    jobs = filled(store, 6)
    withheld({jobs[1].id, jobs[4].id}, 1)
    with requests_to("dynamodb") as asked:
        page = store.page(Filter(), 6)
    assert page.jobs == jobs
    assert asked.count("BatchGetItem") == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", {"S": "x"}), ("gen", {"S": "x"}), ("s", {"S": "x"}), ("result", {"S": "x"}),
        ("updated_at", {"N": "1e120"}), ("finished_at", {"N": "-1e12"}), ("next_attempt_at", {"N": "253402300800"}),
        pytest.param("result", {"S": "[" * 100_000}, id="nested"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_hides_no_other(
    store: DynamoJobStore, cloud: Settings, name: str, value: dict[str, str]
) -> None:
    """The code of any job type may write invalid values into these attributes of any job."""
    first, spoilt, last = filled(store, 3)
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.jobs_table, Key={"pk": {"S": spoilt.id}, "sk": {"S": "META"}},
        UpdateExpression="SET #n = :v", ExpressionAttributeNames={"#n": name}, ExpressionAttributeValues={":v": value},
    )  # fmt: skip
    with written() as lines:
        assert store.page(Filter(), 10).jobs == [first, last]
        assert store.get_many([last.id, spoilt.id, first.id]) == [last, first]
        assert store.read_all([last.id, spoilt.id, first.id]) == [last, first]
        with pytest.raises(RowsUnreadable, match=spoilt.id) as unreadable:
            store.read_all([last.id, spoilt.id, str(uuid.uuid4())], strict=True)
        assert (unreadable.value.jobs, unreadable.value.found) == ([spoilt.id], [last])
    assert {(line["level"], line["message"], line["job_id"]) for line in lines} == {
        ("ERROR", "row.unreadable", spoilt.id)
    }


@pytest.mark.parametrize(("unread", "read"), [({2}, 2), (range(6), 0)])
def test_a_page_ends_before_what_stays_unread_and_goes_on_there(
    store: DynamoJobStore, withheld: Withhold, unread: Iterable[int], read: int
) -> None:
    jobs = filled(store, 6)
    withheld({jobs[place].id for place in unread}, 3)
    with requests_to("dynamodb") as asked:
        page = store.page(Filter(), 6)
    assert asked.count("BatchGetItem") == 3
    assert page.jobs == jobs[:read]
    assert store.page(Filter(), 6, page.position).jobs == jobs[read:]


def test_an_offset_that_one_look_does_not_reach_is_reached_in_several(store: DynamoJobStore) -> None:
    """The newest jobs are all in one shard, of which one request reads little more than its share."""
    ids = (str(uuid.UUID(int=n, version=4)) for n in range(400))
    one_shard = [job_id for job_id in ids if FOUR.shard_of(job_id) == 0][:60]
    newest = [a_job(id=job_id, created_at=T0 + 100 + number) for number, job_id in enumerate(one_shard)]
    fill(store, newest)
    jobs = [*newest[::-1], *filled(store, 30)]
    with requests_to("dynamodb") as asked:
        page = store.page(Filter(), 4, offset=40)
    assert page.jobs == jobs[40:44]
    assert asked.count("Query") == 12
    assert store.page(Filter(), 100, page.position).jobs == jobs[44:]


def test_a_rare_match_is_reached_over_empty_pages(store: DynamoJobStore, cloud: Settings) -> None:
    table = binding.jobs(cloud)
    narrow = Pages(table, table.bind(JobRow), lambda: T0, lambda: ["email.send"], batch=5)
    rare = a_job(created_at=T0 - 1, status=Status.CANCELLED)
    store.add(rare)
    filled(store, 40)
    found: list[Job] = []
    position, turned = None, 0
    while position is not None or turned == 0:
        page = narrow.page(Filter(status=Status.CANCELLED), 2, position)
        found += page.jobs
        position, turned = page.position, turned + 1
    assert found == [rare]
    assert turned > 2


keys = st.lists(st.integers(0, 999), unique=True, max_size=40)


@given(keys=keys, shards=st.integers(1, 5), limit=st.integers(1, 7), seed=st.randoms(use_true_random=False))
def test_slices_show_every_entry_once_in_order(keys: list[int], shards: int, limit: int, seed: Any) -> None:
    """Each shard returns at most `limit` entries; all merged pages together contain every job."""
    held: list[list[str]] = [[] for _ in range(shards)]
    for key in keys:
        seed.choice(held).append(f"{key:03}")
    seen: list[str] = []
    position = "~"
    for _ in range(len(keys) + 1):
        slices = [_slice(sorted(shard, reverse=True), position, limit) for shard in held]
        merged = merge(slices)
        seen += [entry.key for entry in merged.entries]
        if merged.frontier is None:
            break
        assert merged.frontier < position
        position = merged.frontier
    assert seen == sorted((f"{key:03}" for key in keys), reverse=True)


def _slice(shard: list[str], position: str, limit: int) -> Slice:
    below = [key for key in shard if key < position]
    return Slice([Entry(key, key) for key in below[:limit]], below[limit - 1] if len(below) > limit else None)


@pytest.mark.parametrize("which", [Filter(status=Status.SCHEDULED), Filter(status=Status.RETRYING, tag="x")])
def test_a_page_over_all_types_looks_at_no_more_than_its_share(
    cloud: Settings, monkeypatch: pytest.MonkeyPatch, which: Filter
) -> None:
    table = binding.jobs(cloud)
    pages = Pages(table, table.bind(JobRow), lambda: T0, lambda: [f"test.kind{number}" for number in range(60)])
    limits: list[int] = []

    def query(*_: Any, limit: int, **__: Any) -> dict[str, Any]:
        limits.append(limit)
        return {"Items": []}

    monkeypatch.setattr(table, "query", query)
    pages.page(which, 100)
    assert 0 < sum(limits) <= MOST_ENTRIES_OF_PAGE


def test_many_rows_that_cannot_be_read_are_one_request_and_one_line(store: DynamoJobStore, cloud: Settings) -> None:
    """For example, after a rollback."""
    *spoilt, valid = filled(store, 5)
    for job in spoilt:
        aws.client("dynamodb", REGION).update_item(
            TableName=cloud.jobs_table, Key={"pk": {"S": job.id}, "sk": {"S": "META"}},
            UpdateExpression="SET gen = :v", ExpressionAttributeValues={":v": {"S": "x"}},
        )  # fmt: skip
    with written() as lines, requests_to("dynamodb") as asked, pytest.raises(RowsUnreadable) as unreadable:
        store.read_all([job.id for job in (*spoilt, valid)], strict=True)
    assert asked == ["BatchGetItem"]
    assert [line["rows"] for line in lines if line["message"] == "row.unreadable"] == [4]
    assert (unreadable.value.jobs, unreadable.value.found) == ([job.id for job in spoilt], [valid])
