"""Test every promise of CounterRows and Counters, in memory and on DynamoDB."""

from collections import Counter
from contextlib import suppress

import pytest

from chalicelib.counters import keys
from chalicelib.counters.changes import Image, JobChange
from chalicelib.counters.dear_runs import DearRun, runs_of
from chalicelib.counters.port import BY_BUDGET, Additions, Pause, Row, Standing, Times
from chalicelib.counters.stream import StreamCounter
from chalicelib.counters.wait_times import oldest, queued
from chalicelib.errors import RowRefused
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from tests.contract.conftest import Rows
from tests.support import requests_to

T0 = 1_800_000_000.0 - 1_800_000_000.0 % 3600
HOUR = "2027-01-15T08:00:00.000Z"


def add(rows: Rows, row: Row, first: str, last: str, source: str = "s", **numbers: int) -> str | None:
    return rows.add(row, Additions(Counter(numbers)), source, first, last)


def test_numbers_add_up_and_the_mark_moves_with_them(rows: Rows) -> None:
    row = Row("M#a.b", HOUR, int(T0 + 99))
    assert add(rows, row, "01", "03", created=2) is None
    assert add(rows, row, "04", "04", created=1, failed=1) is None
    [(at, numbers)] = rows.buckets("a.b", 60, T0 - 1, T0 + 1)
    assert (at, dict(numbers)) == (T0, {"created": 3, "failed": 1})


@pytest.mark.parametrize("first", ["01", "02", "03"])
def test_what_begins_at_or_before_the_mark_is_refused_with_the_mark(rows: Rows, first: str) -> None:
    row = Row("M#a.b", HOUR)
    add(rows, row, "01", "03", created=1)
    assert add(rows, row, first, "09", created=7) == "03"
    assert dict(rows.buckets("a.b", 60, T0, T0)[0][1]) == {"created": 1}


def test_totals_are_read_by_type_and_status_and_never_negative(rows: Rows) -> None:
    assert rows.standing() == Standing({})
    rows.add(keys.totals("a.b"), Additions(Counter({"n#queued": 2})), "s", "01", "01")
    rows.add(keys.totals("c.d"), Additions(Counter({"n#failed": -1})), "s", "01", "01")
    assert rows.standing().totals == {("a.b", Status.QUEUED): 2, ("c.d", Status.FAILED): 0}


def test_buckets_come_in_order_from_one_type_and_one_resolution(rows: Rows) -> None:
    for number, (name, minute) in enumerate([("M#a.b", "05"), ("M#a.b", "01"), ("H#a.b", "00"), ("M#c.d", "01")]):
        add(rows, Row(name, f"2027-01-15T08:{minute}:00.000Z"), f"{number}", f"{number}", created=number + 1)
    found = rows.buckets("a.b", 60, T0, T0 + 300)
    assert [(at - T0, numbers["created"]) for at, numbers in found] == [(60.0, 2), (300.0, 1)]
    assert rows.buckets("a.b", 60, T0 + 61, T0 + 299) == []


def test_a_range_that_ends_before_it_begins_is_empty_and_not_asked_for(rows: Rows) -> None:
    add(rows, Row("M#a.b", HOUR), "01", "01", created=1)
    with requests_to("dynamodb") as asked:
        assert rows.buckets("a.b", 60, T0 + 61, T0) == []
        assert rows.errors(T0 + 3600, T0, 10) == []
    assert asked == []


def test_an_error_keeps_when_it_was_first_seen_and_what_was_seen_last(rows: Rows) -> None:
    row = Row("ERR", f"{HOUR}#f1")
    for number, at in ((1, T0 + 1), (2, T0 + 9)):
        facts = {"type": "a.b", "error_class": "E", "message": "m", "last_seen": at, f"job{number}": f"id{number}"}
        rows.add(row, Additions(Counter({"count": 1}), facts, {"first_seen": at}), "s", str(number), str(number))
    [error] = rows.errors(T0 - 3600, T0, 10)
    seen = {name: error.numbers[name] for name in ("count", "first_seen", "last_seen", "job1", "job2")}
    assert (error.hour, error.fingerprint) == (T0, "f1")
    assert seen == {"count": 2, "first_seen": T0 + 1, "last_seen": T0 + 9, "job1": "id1", "job2": "id2"}


def test_a_types_row_tells_since_when_its_jobs_wait(rows: Rows) -> None:
    rows.add(keys.totals("a.b"), Additions(queued(T0, T0)), "s", "01", "01")
    assert oldest(rows.standing().waiting["a.b"], T0 + 60) == T0 + 2.5
    rows.add(keys.totals("a.b"), Additions(queued(T0, T0 + 70, -1)), "s", "02", "02")
    assert oldest(rows.standing().waiting["a.b"], T0 + 80) is None


def test_a_types_row_tells_what_was_not_sent_and_how_far_the_workers_are(rows: Rows) -> None:
    row = keys.totals("a.b")
    numbers = Counter({keys.unsent("2027-01-15T08:01:59.999Z#1"): 2, keys.unsent("2027-01-15T08:00:00.000Z#2"): 1})
    rows.add(row, Additions(numbers, lows={keys.CLAIMED_TO: T0 + 1.5}), "s", "01", "01")
    standing = rows.standing()
    assert (standing.unsent, standing.claimed_to) == ({"a.b": [T0, T0 + 60]}, {"a.b": T0 + 1.5})
    rows.add(row, Additions(lows={keys.CLAIMED_TO: T0}), "s", "02", "02")
    assert rows.standing().claimed_to == {"a.b": T0}


def test_a_row_is_read_without_its_marks(rows: Rows) -> None:
    assert dict(rows.read(Row("ERR", "x"))) == {}
    rows.add(Row("ERR", "x", 7), Additions(Counter({"count": 2}), {"type": "a.b"}, {"first_seen": T0}), "s", "1", "1")
    assert dict(rows.read(Row("ERR", "x"))) == {"count": 2, "type": "a.b", "first_seen": T0}


def test_tidying_takes_out_what_is_empty_past_or_of_a_shard_that_ended(rows: Rows) -> None:
    row = keys.totals("a.b")
    old, new = (f"shardId-0000000{int((T0 - age) * 1000)}-ab12" for age in (3 * DAY, 3600))
    rows.add(row, Additions(queued(T0 - 7200, T0 - 7200) + queued(T0, T0)), old, "01", "01")
    rows.add(row, Additions(Counter({"n#queued": 2}) + queued(T0 - 60, T0)), new, "01", "01")
    rows.add(row, Additions(queued(T0 - 60, T0, -1)), new, "02", "02")
    before = rows.standing()
    assert rows.tidy(row, T0) == 5
    after = rows.standing()
    assert (after.totals, set(after.waiting["a.b"]) < set(before.waiting["a.b"])) == (before.totals, True)
    assert oldest(after.waiting["a.b"], T0) == oldest(before.waiting["a.b"], T0)
    assert rows.tidy(row, T0) == 0
    assert add(rows, row, "02", "02", source=new) == "02"
    assert add(rows, row, "01", "01", source=old) is None


def test_types_beyond_one_page_of_dynamodb_are_read_whole(rows: Rows) -> None:
    for number in range(1, 6):
        additions = Additions(Counter({"n#queued": number}), {"filler": "x" * 300_000})
        rows.add(keys.totals(f"a.b{number}"), additions, "s", "01", "01")
    assert rows.standing().totals == {(f"a.b{number}", Status.QUEUED): number for number in range(1, 6)}


def arrival(sequence: str, job_type: str, at: float) -> JobChange:
    return JobChange(sequence.zfill(40), None, Image(f"{sequence}f", job_type, Status.QUEUED, at, at), at)


def test_a_row_that_can_take_no_more_is_refused_and_stops_no_other(rows: Rows) -> None:
    """DynamoDB accepts 400 KB per item; the row in memory accepts everything."""
    for number, size in enumerate((200_000, 150_000, *(58_000 >> n for n in range(14)))):
        with suppress(RowRefused):
            rows.add(
                keys.totals("a.b"), Additions(facts={f"t{number}": "x" * size}), "f", f"{number:02}", f"{number:02}"
            )
    now = T0
    counter = StreamCounter(rows, lambda: now)
    counted = counter.count([arrival("1", "a.b", T0), arrival("2", "c.d", T0)], "s")
    assert rows.standing().totals["c.d", Status.QUEUED] == 1
    assert len(counted.skipped) == (("a.b", Status.QUEUED) not in rows.standing().totals)


def test_a_type_is_paused_until_it_is_resumed(rows: Rows) -> None:
    first = Pause(T0, "ada", "The provider is down")
    assert rows.pause("a.b", first)
    assert not rows.pause("a.b", Pause(T0 + 9, "bob"))
    assert rows.pause("c.d", Pause(T0 + 1, "bob"))
    assert rows.standing().paused == {"a.b": first, "c.d": Pause(T0 + 1, "bob")}
    rows.resume("a.b")
    rows.resume("e.f")
    assert rows.standing().paused == {"c.d": Pause(T0 + 1, "bob")}


def test_an_operators_pause_takes_the_place_of_one_by_a_budget_and_no_other_does(rows: Rows) -> None:
    budget, itself = Pause(T0, BY_BUDGET, "$5.00"), Pause(T0 + 1, "JobFlow", "20 attempts failed", T0 + 60)
    assert rows.pause("a.b", itself)
    assert rows.pause("a.b", budget)
    assert not rows.pause("a.b", itself)
    assert not rows.pause("a.b", Pause(T0 + 9, BY_BUDGET, "$6.00"))
    assert rows.standing().paused == {"a.b": budget}
    assert rows.pause("a.b", Pause(T0 + 9, "ada"))
    assert not rows.pause("a.b", budget)
    assert not rows.pause("a.b", Pause(T0 + 10, "bob"))
    assert rows.standing().paused == {"a.b": Pause(T0 + 9, "ada")}


def test_the_end_of_a_budgets_pause_leaves_every_other_pause(rows: Rows) -> None:
    budget, itself = Pause(T0, BY_BUDGET, "$5.00"), Pause(T0, "JobFlow", "20 attempts failed", T0 + 60)
    assert rows.resume("a.b", by_budget=True)
    for pause in (Pause(T0, "ada"), itself):
        rows.pause("a.b", pause)
        assert not rows.resume("a.b", by_budget=True)
        assert rows.standing().paused == {"a.b": pause}
        assert rows.resume("a.b")
    rows.pause("a.b", budget)
    assert not rows.resume("a.b", by_itself=True)
    assert rows.resume("a.b", by_budget=True)
    assert rows.standing().paused == {}


def test_an_operators_pause_takes_the_place_of_one_by_itself_and_stays(rows: Rows) -> None:
    by_itself, later = Pause(T0, "JobFlow", "20 attempts failed", T0 + 60), Pause(T0, "JobFlow", "as before", T0 + 180)
    assert rows.pause("a.b", by_itself)
    assert rows.pause("a.b", later)
    assert rows.standing().paused == {"a.b": later}
    operator = Pause(T0 + 9, "ada")
    assert rows.pause("a.b", operator)
    assert not rows.pause("a.b", by_itself)
    rows.resume("a.b", by_itself=True)
    assert rows.standing().paused == {"a.b": operator}
    rows.resume("a.b")
    assert rows.pause("a.b", by_itself)
    rows.resume("a.b", by_itself=True)
    rows.resume("a.b", by_itself=True)
    assert rows.standing().paused == {}


def test_of_many_errors_the_newest_are_read(rows: Rows) -> None:
    for number in range(12):
        row = Row("ERR", f"2027-01-15T{number:02}:00:00.000Z#f{number}")
        rows.add(row, Additions(Counter({"count": 1}), {"type": "a.b"}), "s", "1", "1")
    found = rows.errors(T0 - 86_400, T0 + 86_400, 5)
    assert [error.fingerprint for error in found] == ["f11", "f10", "f9", "f8", "f7"]
    assert len(rows.errors(T0 - 86_400, T0 + 86_400, 100)) == 12


def test_days_of_tenants_are_read_apart_from_the_types_and_its_other_days(rows: Rows) -> None:
    for number, (name, day) in enumerate([("acme", 0), ("globex#7 ü", 0), ("acme", 1), ("acme", 3)]):
        assert add(rows, keys.tenant("a.b", name, T0 + day * DAY), f"{number}", f"{number}", att=number + 1) is None
    add(rows, keys.tenant("c.d", "acme", T0), "01", "01", att=9)
    add(rows, keys.bucket("a.b", 86_400, T0), "01", "01", att=7)
    midnight = T0 - T0 % DAY
    found = rows.tenant_days("a.b", midnight, midnight + DAY, 10)
    assert [(one.day, one.tenant, one.numbers["att"]) for one in found] == [
        (midnight + DAY, "acme", 3), (midnight, "globex#7 ü", 2), (midnight, "acme", 1),
    ]  # fmt: skip
    newest = rows.tenant_days("a.b", midnight, midnight + 9 * DAY, 2)
    assert [one.day for one in newest] == [midnight + 3 * DAY, midnight + DAY]
    assert [numbers["att"] for _, numbers in rows.buckets("a.b", 86_400, midnight, midnight + DAY)] == [7]


def test_a_tenants_day_is_tidied_like_the_day_of_its_type(rows: Rows) -> None:
    row, shard = keys.tenant("a.b", "acme", T0), f"shardId-0000000{int((T0 - 9 * 3600) * 1000)}-ab12"
    once = Additions(Counter({"att": 1})), shard, "01", "01", Times(T0 - 8 * 3600, T0 - 8 * 3600)
    rows.add(row, *once)
    rows.tidy(row, T0)
    assert rows.add(row, *once) == "01"
    [one] = rows.tenant_days("a.b", T0 - DAY, T0 + DAY, 10)
    assert one.numbers["att"] == 1


def test_the_longest_runs_are_replaced_in_one_write_and_read_apart_from_other_rows(rows: Rows) -> None:
    short, long, other = (
        DearRun(job, T0 + 0.25, ms, Status.COMPLETED) for job, ms in (("a", 1_000), ("b", 9_000), ("c", 5_000))
    )
    today, later = keys.dearest("a.b", T0), keys.dearest("a.b", T0 + 2 * DAY)
    for _ in range(2):
        rows.replace_facts(today, {short.name: short.value, other.name: other.value}, ())
    with requests_to("dynamodb") as asked:
        rows.replace_facts(today, {long.name: long.value}, [short.name])
    assert asked in ([], ["UpdateItem"])  # in memory: no request
    rows.replace_facts(later, {short.name: short.value}, ["run#unknown#1.000"])
    rows.replace_facts(keys.dearest("c.d", T0), {other.name: other.value}, ())
    add(rows, keys.bucket("a.b", 86_400, T0), "01", "01", att=7)
    midnight = T0 - T0 % DAY
    assert sorted(rows.dear_runs("a.b", midnight, midnight + DAY), key=lambda run: run.job) == [long, other]
    assert [run.job for run in rows.dear_runs("a.b", midnight + DAY, midnight + 9 * DAY)] == ["a"]
    assert {run.job for run in runs_of(rows.read(today))} == {"b", "c"}
    assert [numbers["att"] for _, numbers in rows.buckets("a.b", 86_400, midnight, midnight + DAY)] == [7]
