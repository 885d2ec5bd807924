"""Test the slots of limits with a rate: in memory, over DynamoDB, and in the model that the proof explores."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.at_most import declared_limits
from chalicelib.job_types.rate import Rate, numbers_of, with_number
from chalicelib.limits.changed import Changed
from chalicelib.limits.constants import KEPT_LATER, KEPT_SOON
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import KeptSlot, Limit, Places, Slot, turns_of
from chalicelib.limits.port import LimitStore, PlaceStore
from chalicelib.settings import Settings
from tests.contract.conftest import LoseReply
from tests.contract.control.test_places import TYPE, A, B, C, Model, name, waiter
from tests.support import T0, Clock, requests_to

FIFTY = Rate(50, per=60)
RATED = Limit("3-rate.mail", turns_of(FIFTY), FIFTY)
ONE_TURN = replace(RATED, n=1)
ROUNDED = 0.0001
"""Seconds: the store in memory adds times without rounding them to microseconds."""


def near(expected: float | Sequence[float]) -> Any:
    """Return what equals times (epoch seconds) that are within a millisecond."""
    return pytest.approx(expected, rel=0, abs=0.001)


class ModelOfSlots(Model):
    """The same model; it knows no times."""

    def slot(
        self, limit: Limit, job: str, name: str, *, now: float, until: float, turn: bool, again: bool = False
    ) -> Slot | None:
        return self.__getattr__("slot")(limit, job, name, turn, again)  # type: ignore[return-value]


@pytest.fixture(params=["memory", "dynamo"])
def places(request: pytest.FixtureRequest) -> PlaceStore:
    return DynamoPlaces(request.getfixturevalue("cloud")) if request.param == "dynamo" else MemoryPlaces()


@pytest.fixture(params=["memory", "dynamo", "model"])
def all_places(request: pytest.FixtureRequest) -> PlaceStore:
    if request.param == "model":
        return ModelOfSlots()  # type: ignore[return-value]
    return DynamoPlaces(request.getfixturevalue("cloud")) if request.param == "dynamo" else MemoryPlaces()


def taken(
    places: PlaceStore, now: float, *, job: str = A, limit: Limit = RATED, within: float = 5.0, turn: bool = False,
    again: bool = False,
) -> float | None:  # fmt: skip
    slot = places.slot(limit, job, name(), now=now, until=now + within, turn=turn, again=again)
    return None if slot is None else slot.at


def test_slots_are_apart_until_the_next_one_is_too_far_away(places: PlaceStore) -> None:
    found = [taken(places, T0) for _ in range(5)]
    assert found == near([T0 + number * FIFTY.apart for number in range(4)] + [T0 + 4 * FIFTY.apart])
    assert taken(places, T0) is None
    assert taken(places, T0 + 10) == T0 + 10


def test_a_slot_after_a_quiet_time_begins_now(places: PlaceStore) -> None:
    taken(places, T0)
    assert taken(places, T0 + 100) == T0 + 100
    assert places.read(RATED).slots_to == near(T0 + 100 + FIFTY.apart)


def test_a_place_can_be_taken_in_a_row_that_a_slot_has_made(places: PlaceStore) -> None:
    """Another type needs a turn, because it has wider limits too."""
    taken(places, T0)
    assert places.take(RATED, A, name())
    assert places.read(RATED).held == {A: name()}


def test_a_burst_lets_some_start_at_once_after_a_quiet_time(places: PlaceStore) -> None:
    bursts = Rate(60, per=60, burst=6)
    limit = Limit("3-rate.mail", turns_of(bursts), bursts)
    at_once = [taken(places, T0, limit=limit) for _ in range(8)]
    assert sum(one == T0 for one in at_once) == 1 + int(bursts.ahead / bursts.apart) > 1


def test_two_processes_never_get_one_slot(all_clouds: list[PlaceStore]) -> None:
    one, two = all_clouds
    found = [taken(places, T0) for places in (one, two, one, two)]
    assert None not in found
    assert len(set(found)) == len(found)
    assert taken(two, T0 + 60) == T0 + 60
    assert (taken(one, T0 + 60) or 0.0) > T0 + 60, "it remembers an older row"


@pytest.fixture(params=["memory", "dynamo"])
def all_clouds(request: pytest.FixtureRequest) -> list[PlaceStore]:
    if request.param == "memory":
        return [MemoryPlaces()] * 2
    cloud = request.getfixturevalue("cloud")
    return [DynamoPlaces(cloud), DynamoPlaces(cloud)]


def test_nobody_takes_a_slot_past_those_who_wait(all_places: PlaceStore) -> None:
    all_places.mark(RATED, TYPE)
    assert taken(all_places, T0) is None
    assert taken(all_places, T0, turn=True) is None


def test_who_has_a_turn_leaves_it_with_the_slot(all_places: PlaceStore) -> None:
    all_places.mark(ONE_TURN, TYPE)
    assert all_places.grant(ONE_TURN, waiter(A))
    slot = all_places.slot(ONE_TURN, A, name(), now=T0, until=T0, turn=True)
    assert slot is not None
    assert (slot.found.held, slot.found.waits) == ({}, True)
    assert all_places.grant(ONE_TURN, waiter(B))
    assert taken(all_places, T0, limit=ONE_TURN, turn=True) is None, "it has no turn any more"
    assert taken(all_places, T0, limit=ONE_TURN, again=True) is not None, "it was too late for its slot"


def test_a_name_of_an_earlier_pass_is_no_turn(all_places: PlaceStore) -> None:
    all_places.mark(ONE_TURN, TYPE)
    all_places.grant(ONE_TURN, waiter(A, claims=2))
    assert taken(all_places, T0, limit=ONE_TURN, turn=True) is None
    assert all_places.read(ONE_TURN).held == {A: name(2)}


def test_a_job_that_may_have_a_turn_and_has_none_takes_a_slot_if_nobody_waits(all_places: PlaceStore) -> None:
    assert taken(all_places, T0, turn=True) is not None
    assert taken(all_places, T0 + 60, job=B) is not None


def test_a_turn_is_for_the_time_at_which_its_slot_will_be_free(places: PlaceStore) -> None:
    taken(places, T0)
    found = places.read(RATED)
    times = [RATED.turn(found, before) for before in range(3)]
    assert [later - earlier for earlier, later in pairwise(times)] == near([FIFTY.apart] * 2)
    assert T0 <= times[0] <= T0 + FIFTY.apart


def test_a_slot_of_which_the_answer_is_lost_is_taken_once(cloud: Settings, lose_reply: LoseReply) -> None:
    places = DynamoPlaces(cloud)
    places.mark(ONE_TURN, TYPE)
    places.grant(ONE_TURN, waiter(A))
    lost = lose_reply("UpdateItem")
    assert taken(places, T0, limit=ONE_TURN, turn=True) == T0
    assert lost
    assert places.read(ONE_TURN).slots_to == near(T0 + FIFTY.apart)


def test_a_slot_that_nobody_competes_for_is_one_write(cloud: Settings) -> None:
    places = DynamoPlaces(cloud)
    taken(places, T0)
    with requests_to("dynamodb") as made:
        assert taken(places, T0) is not None
        assert taken(places, T0) is not None
    assert made == ["UpdateItem", "UpdateItem"]


RATES = st.builds(Rate, st.integers(1, 9), per=st.sampled_from((1.0, 10.0, 60.0)), burst=st.just(0)) | st.just(
    Rate(6, per=10, burst=4)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=RATES,
    steps=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), st.sampled_from((A, B, C))), min_size=1, max_size=60),
)
def test_no_window_has_more_than_n_and_burst_starts(rate: Rate, steps: list[tuple[float, float, str]]) -> None:
    """Jobs come at any times, and start as late as they may."""
    places, now, starts = MemoryPlaces(), T0, list[float]()
    limit = Limit("3-rate.mail", turns_of(rate), rate)
    for pause, lateness, job in steps:
        now += pause * rate.apart
        slot = places.slot(limit, job, name(), now=now, until=now + 5, turn=False)
        if slot is not None:
            starts.append(slot.at + lateness * rate.late)
    starts.sort()
    for first in starts:
        assert sum(first <= one < first + rate.per - ROUNDED for one in starts) <= rate.n + rate.burst


KEEP = st.sampled_from(("slot", "slot", "slot", "keep", "use", "use"))
KEEPING = st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), KEEP, st.sampled_from((A, B))), min_size=1, max_size=60)


def starts_beside_kept(
    places: PlaceStore, rate: Rate, steps: list[tuple[float, float, str, str]], *, soon: float = 5.0
) -> list[float]:
    """Return when jobs start while slots are kept for A and B, of which each has a turn; they come at any times."""
    limit = Limit(f"3-rate.{rate.shared or 'mail'}", 99, rate)
    places.mark(limit, TYPE)
    now, starts = T0, list[float]()
    for pause, lateness, what, job in steps:
        now += pause * rate.apart if what == "slot" else pause * 4
        if what == "keep":
            places.grant(limit, waiter(job))
            places.keep_slot(limit, job, name(), now=now, soon=now + soon)
            continue
        comes = job if what == "use" else C
        at = taken(places, now, job=comes, limit=limit, within=1.5, turn=what == "use", again=what == "slot")
        if at is not None:
            starts.append(at + lateness * rate.late)
    return sorted(starts)


@settings(max_examples=400, deadline=None)
@given(rate=RATES, steps=KEEPING)
def test_no_window_has_more_starts_when_a_job_comes_late_for_a_slot_that_is_kept(
    rate: Rate, steps: list[tuple[float, float, str, str]]
) -> None:
    starts = starts_beside_kept(MemoryPlaces(clock=lambda: T0), rate, steps)
    for first in starts:
        assert sum(first <= one < first + rate.per - ROUNDED for one in starts) <= rate.n + rate.burst


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=RATES, steps=KEEPING)
def test_both_stores_keep_the_same_slots(
    cloud: Settings, rate: Rate, steps: list[tuple[float, float, str, str]]
) -> None:
    own = replace(rate, shared=uuid.uuid4().hex)
    stores = (MemoryPlaces(clock=lambda: T0), DynamoPlaces(cloud, lambda: T0))
    found = [starts_beside_kept(places, own, steps[:20]) for places in stores]
    assert found[0] == near(found[1])


@pytest.fixture
def turns(stored: LimitStore) -> LimitStore:
    """A row in which two jobs have turns, and whose slots are taken for the next 5 seconds."""
    stored.mark(RATED, TYPE)
    for job in (A, B):
        assert stored.grant(RATED, waiter(job))
    while taken(stored, T0, job=C, again=True) is not None:
        pass
    return stored


def keep(stored: LimitStore, now: float = T0, job: str = A, soon: float = 10.0) -> KeptSlot:
    kept = stored.keep_slot(RATED, job, name(), now=now, soon=now + soon)
    assert kept is not None
    return kept


def test_a_slot_is_kept_for_one_job_which_may_come_late(turns: LimitStore) -> None:
    next_one = turns.read(RATED).slots_to - FIFTY.ahead
    kept = keep(turns)
    assert (kept.at, kept.until) == near((next_one, next_one + KEPT_SOON))
    late = kept.until - 1
    assert taken(turns, late, job=B, within=0, turn=True) is None, "it is for A"
    assert taken(turns, late, job=C, within=0, again=True) is None
    assert taken(turns, late, turn=True) == late
    assert A not in turns.read(RATED).held
    assert taken(turns, late, turn=True) is None, "it is used once"


def test_a_slot_that_is_kept_is_used_neither_before_nor_after_its_time(turns: LimitStore) -> None:
    kept = keep(turns)
    assert taken(turns, kept.at - 2, within=1.9, turn=True) is None
    assert taken(turns, kept.at - 2, within=2.1, turn=True) == near(kept.at)
    kept = keep(turns, job=B)
    after = taken(turns, kept.until + 0.1, job=B, turn=True)
    assert after is not None
    assert after >= kept.slots_to - FIFTY.ahead, "it gets the slot after it"


def test_the_time_that_was_not_needed_is_given_back(turns: LimitStore) -> None:
    kept = keep(turns)
    at = taken(turns, kept.at + 1, turn=True)
    assert at == near(kept.at + 1)
    assert turns.read(RATED).slots_to == near(kept.at + 1 + FIFTY.apart)


def test_no_time_is_given_back_if_another_job_has_taken_a_slot_since(turns: LimitStore) -> None:
    kept = keep(turns)
    assert taken(turns, kept.at, job=C, within=60, again=True) == near(kept.slots_to - FIFTY.ahead)
    before = turns.read(RATED).slots_to
    assert taken(turns, kept.at, turn=True) == near(kept.at)
    assert turns.read(RATED).slots_to == near(before)


def test_a_far_slot_is_kept_until_the_watchdog_has_come(turns: LimitStore) -> None:
    kept = keep(turns, soon=0)
    assert kept.until - kept.at == near(KEPT_LATER)


def test_a_slot_that_is_kept_again_takes_no_more_time(turns: LimitStore) -> None:
    first = keep(turns)
    assert keep(turns).slots_to == near(first.slots_to)
    later = keep(turns, first.until)
    assert later.at == near(first.until)
    slot = taken(turns, first.until, job=C, within=60, again=True)
    assert slot is not None
    assert keep(turns, first.until).at > slot, "another job has taken a slot since"


def test_a_slot_may_be_kept_for_a_job_that_has_no_turn_yet(stored: LimitStore) -> None:
    kept = keep(stored)
    assert kept.at == T0
    assert taken(stored, T0, job=B, within=5) is None
    assert taken(stored, T0 + 1) == T0 + 1


def test_one_slot_is_kept_at_a_time_unless_its_job_has_left(turns: LimitStore) -> None:
    kept = keep(turns)
    assert turns.keep_slot(RATED, B, name(), now=T0, soon=T0) is None
    turns.leave(RATED, A, name())
    assert keep(turns, kept.at, job=B).job == B


@pytest.mark.parametrize("n", [30, 70])
def test_a_slot_that_is_kept_is_lost_when_the_rate_is_changed(turns: LimitStore, n: int) -> None:
    kept = keep(turns)
    change(turns, n)
    at = taken(turns, kept.at, within=60, turn=True)
    assert at is not None
    assert at > kept.at + 1
    change(turns, 0)
    assert turns.keep_slot(RATED, B, name(), now=kept.until, soon=kept.until) is None


def test_no_slot_is_kept_for_a_job_that_has_just_used_one(turns: LimitStore) -> None:
    """Another run of the watchdog has read the job before."""
    kept = keep(turns)
    assert taken(turns, kept.at, turn=True) is not None
    assert turns.keep_slot(RATED, A, name(), now=kept.at, soon=kept.at) is None


def test_a_slot_that_was_kept_at_another_rate_is_none_although_the_row_follows_the_rate_again() -> None:
    """A version of JobFlow that does not know such slots has moved the row."""
    kept = KeptSlot(A, name(), T0, T0 + 10, T0, T0 + 20, FIFTY.spacing)
    assert RATED.kept_for(Places(kept=kept), A, name()) == kept
    other = replace(kept, spacing=Rate(25, per=60).spacing)
    assert RATED.kept_for(Places(kept=other), A, name()) is None


def test_the_row_of_a_job_that_waits_again_has_no_slot_whose_time_has_passed(stored: LimitStore, clock: Clock) -> None:
    stored.mark(RATED, TYPE)
    stored.grant(RATED, waiter(A))
    keep(stored, clock.now)
    assert stored.mark(RATED, TYPE)[0].kept is not None
    clock.advance(KEPT_SOON + 1)
    assert stored.mark(RATED, TYPE)[0].kept is None
    assert stored.read(RATED).kept is None


def test_a_job_that_uses_its_slot_learns_the_rate_in_force(turns: LimitStore) -> None:
    change(turns, 70)
    kept = keep(turns)
    slot = turns.slot(RATED, A, name(), now=kept.at, until=kept.at, turn=True)
    assert slot is not None
    assert slot.found.n == 70


def test_a_slot_that_is_kept_or_used_is_so_once_if_the_answer_is_lost(cloud: Settings, lose_reply: LoseReply) -> None:
    places = DynamoPlaces(cloud, lambda: T0)
    places.mark(RATED, TYPE)
    places.grant(RATED, waiter(A))
    lost = lose_reply("UpdateItem")
    kept = keep(places)
    assert lost
    lost = lose_reply("UpdateItem")
    while taken(places, T0, job=C, within=60, again=True) is not None:
        pass
    lost = lose_reply("UpdateItem")
    assert taken(places, T0 + 3, turn=True) == T0 + 3
    assert lost
    assert A not in places.read(RATED).held
    assert kept.job == A


@pytest.fixture(params=["memory", "dynamo"])
def stored(request: pytest.FixtureRequest, clock: Clock) -> LimitStore:
    if request.param == "memory":
        return MemoryPlaces(clock=clock)
    return DynamoPlaces(request.getfixturevalue("cloud"), clock)


def change(stored: LimitStore, n: int | None, limit: Limit = RATED) -> None:
    """Give the limit another number, which this process knows at once; None: that of the code."""
    stored.reset(limit.id) if n is None else stored.change(Changed(limit.id, n, "ops", "", T0))
    stored.changes()


def test_after_a_lower_number_each_slot_is_a_slower_one_after_the_last(stored: LimitStore) -> None:
    """The last one was taken in advance; its job waits for it."""
    slower = with_number(FIFTY, 10)
    assert [taken(stored, T0) for _ in range(2)] == near([T0, T0 + FIFTY.apart])
    change(stored, 10)
    found = [taken(stored, T0, within=60) for _ in range(3)]
    assert found == near([T0 + FIFTY.apart + number * slower.apart for number in (1, 2, 3)])
    assert taken(stored, T0) is None


def test_after_a_higher_number_slots_are_soon_however_far_the_next_one_was_away(stored: LimitStore) -> None:
    slow = Rate(5, per=3600)
    limit = Limit("3-rate.mail", turns_of(slow), slow)
    assert taken(stored, T0, limit=limit) == T0
    assert taken(stored, T0 + 1, limit=limit) is None
    change(stored, 180_000, limit)
    found = [taken(stored, T0 + 1, limit=limit, within=0.2) for _ in range(5)]
    assert None not in found
    change(stored, None, limit)
    assert taken(stored, T0 + 2, limit=limit) is None
    assert taken(stored, T0 + 2 + slow.apart, limit=limit) is not None


@pytest.mark.parametrize("faster", [6, 10, 50])
def test_after_a_higher_number_a_slot_comes_nearer_and_does_not_move_away_with_each_look(
    stored: LimitStore, faster: int
) -> None:
    slow = Rate(5, per=3600)
    limit, quick = Limit("3-rate.mail", turns_of(slow), slow), with_number(slow, faster)
    taken(stored, T0, limit=limit)
    change(stored, faster, limit)
    assert taken(stored, T0 + 1, limit=limit) is None
    found = stored.read(limit)
    due = limit.now(found).next_slot(found)
    assert due <= T0 + 1 + quick.apart
    for look in range(1, 10):
        assert taken(stored, T0 + 1 + look * (due - T0 - 7) / 10, limit=limit) is None
    assert taken(stored, due - 1, limit=limit) == near(due)


@pytest.mark.parametrize("kind", ["memory", "dynamo"])
def test_a_row_is_moved_once_after_a_higher_number_and_never_after_a_lower_one(
    request: pytest.FixtureRequest, clock: Clock, kind: str
) -> None:
    stored: LimitStore = (
        MemoryPlaces(clock=clock) if kind == "memory" else DynamoPlaces(request.getfixturevalue("cloud"), clock)
    )
    slow, now = Rate(5, per=3600), clock()
    limit = Limit("3-rate.mail", turns_of(slow), slow)
    assert stored.move(limit).slots_to == 0.0
    taken(stored, now, limit=limit)
    assert stored.move(limit).slots_to == near(now + slow.apart)
    change(stored, 50, limit)
    clock.advance(20)
    moved = stored.move(limit).slots_to
    assert moved == pytest.approx(now + 20 + (slow.apart - 20) / 10, rel=0, abs=0.1)
    clock.advance(20)
    assert stored.move(limit).slots_to == stored.read(limit).slots_to == moved
    change(stored, 5, limit)
    assert stored.move(limit).slots_to == moved
    change(stored, 0, limit)
    assert stored.move(limit).slots_to == moved


BURST = Rate(10, per=60, burst=10)


@pytest.mark.parametrize(
    ("one", "other", "n"),
    [
        (Rate(10, per=60), Rate(50, per=60), 50),
        (BURST, replace(BURST, n=50), 50),
        (Rate(5, per=60, burst=5), Rate(50, per=60, burst=50), 50),
        (Rate(50, per=60), Rate(10, per=60), 10),
        (replace(BURST, n=50), BURST, 10),
    ],
)
@pytest.mark.parametrize("ends", [False, True])
def test_two_versions_of_the_code_over_one_row_keep_the_rate_in_force(
    stored: LimitStore, one: Rate, other: Rate, n: int, *, ends: bool
) -> None:
    """A deploy writes the changed number into the code while processes of the version before still run."""
    both = [Limit(RATED.id, turns_of(rate), rate) for rate in (one, other)]
    change(stored, n)
    starts, now = list[float](), T0
    while now < T0 + 90 and len(starts) < 300:
        if ends and len(starts) == 20:
            change(stored, None)
        at = taken(stored, now, limit=both[len(starts) % 2], within=0.01)
        if at is None:
            now += 0.25
        else:
            starts.append(at)
    in_force = [with_number(one, n), with_number(other, n), *((one, other) if ends else ())]
    allowed = max(rate.n + rate.burst for rate in in_force)
    assert max(sum(first <= at < first + 60 - ROUNDED for at in starts) for first in starts) <= allowed


def test_slots_that_a_version_takes_which_knows_no_changed_rates_are_never_nearer_afterwards(
    cloud: Settings, clock: Clock
) -> None:
    """It moves the time, and leaves what the row has about the rate: after it was rolled back, and forward again."""
    rate = Rate(50, per=60, burst=5)
    limit = Limit(RATED.id, turns_of(rate), rate)
    places = DynamoPlaces(cloud, clock)
    change(places, 5, limit)
    assert taken(places, T0, limit=limit) == T0
    table = binding.control(cloud)
    later = round((T0 + 100 + rate.ahead + rate.apart) * 1_000_000)
    table.dispatch(
        "UpdateItem",
        {
            "TableName": table.name, "Key": {"pk": {"S": f"LIMIT#{limit.id}"}, "sk": {"S": "PLACES"}},
            "UpdateExpression": "SET slots_to = :to", "ExpressionAttributeValues": {":to": {"N": str(later)}},
        },
    )  # fmt: skip
    for n in (None, 3000, 5, None):
        change(places, n, limit)
        found = places.read(limit)
        assert found.stale
        assert limit.now(found).slots_to(found, T0 + 100) >= later / 1_000_000
    assert taken(places, T0 + 100, limit=limit, within=0.5) is None
    assert taken(places, T0 + 100, limit=limit, within=2) == near(T0 + 100 + rate.apart)
    assert not places.read(limit).stale


def test_with_0_no_slot_is_taken_and_no_turn_is_given(stored: LimitStore) -> None:
    stored.mark(RATED, TYPE)
    assert stored.grant(RATED, waiter(A))
    change(stored, 0)
    assert taken(stored, T0, turn=True) is None
    assert taken(stored, T0 + 100, again=True) is None
    assert not stored.grant(RATED, waiter(B))
    assert stored.in_force(replace(RATED, id="2-rate.mail.acme")) == RATED.n
    found = stored.read(RATED)
    assert (found.n, found.free(RATED.now(found)), RATED.now(found).gives(found)) == (0, False, False)
    change(stored, None)
    assert taken(stored, T0, turn=True) == T0


def test_there_are_as_many_turns_as_the_rate_in_force_has(stored: LimitStore) -> None:
    assert RATED.now(stored.read(RATED)).n == turns_of(FIFTY)
    change(stored, 5)
    assert RATED.now(stored.read(RATED)).n == 1
    assert stored.take(RATED, A, name())
    assert not stored.take(RATED, B, name())
    change(stored, 3000)
    assert RATED.now(stored.read(RATED)).n == turns_of(with_number(FIFTY, 3000)) > turns_of(FIFTY)
    assert stored.take(RATED, B, name())


def test_a_change_of_all_values_is_in_force_for_the_rate_of_each_value(stored: LimitStore) -> None:
    acme, other = (replace(RATED, id=f"0-rate.mail.{value}") for value in ("acme", "other"))
    for limit, n in (("0-rate.mail.*", 5), (acme.id, 3000)):
        stored.change(Changed(limit, n, "ops", "", T0))
    stored.changes()
    assert [stored.read(limit).n for limit in (acme, other)] == [3000, 5]
    assert stored.in_force(other) == 1


def test_a_process_obeys_a_changed_rate_within_ten_seconds(cloud: Settings, clock: Clock) -> None:
    places, operator = DynamoPlaces(cloud, clock), DynamoPlaces(cloud, clock)
    taken(places, clock())
    operator.change(Changed(RATED.id, 0, "ops", "", T0))
    clock.advance(8)
    assert taken(places, clock()) is not None, "it remembers what it has read"
    clock.advance(2)
    assert taken(places, clock()) is None


def test_a_slot_of_a_changed_rate_is_one_write_after_the_first_one_which_is_two(cloud: Settings, clock: Clock) -> None:
    places = DynamoPlaces(cloud, clock)
    taken(places, T0)
    change(places, 3000)
    with requests_to("dynamodb") as made:
        found = [taken(places, T0) for _ in range(3)]
    assert None not in found
    assert made == ["UpdateItem"] * 4


def test_a_moved_slot_of_which_the_answer_is_lost_is_taken_once(
    cloud: Settings, clock: Clock, lose_reply: LoseReply
) -> None:
    places = DynamoPlaces(cloud, clock)
    taken(places, T0)
    change(places, 3000)
    lost = lose_reply("UpdateItem")
    at = taken(places, T0)
    assert lost
    assert at is not None
    assert places.read(RATED).slots_to == near(at + with_number(FIFTY, 3000).apart)


def test_a_number_that_a_later_deployment_makes_impossible_counts_as_the_nearest_one() -> None:
    found = [with_number(rate, n) for rate, n in ((Rate(1), 3000), (Rate(500, per=3600), 1), (Rate(9, burst=9), 4))]
    assert [(one.n, one.burst) for one in found] == [(50, 0), (5, 0), (4, 4)]


@given(n=st.integers(1, 5000), per=st.sampled_from((1.0, 1.1, 7.0, 60.0, 3600.0, 86400.0)), burst=st.integers(0, 5000))
def test_the_numbers_that_operators_may_give_are_those_that_the_code_may_declare(
    n: int, per: float, burst: int
) -> None:
    try:
        (rate,) = declared_limits(TYPE, [Rate(n, per=per, burst=burst)])
    except ConfigurationError:
        return
    assert isinstance(rate, Rate)
    least, most = numbers_of(rate)
    assert least <= n <= most
    for number in (least, most):
        declared_limits(TYPE, [Rate(number, per=per, burst=burst)])
        assert with_number(rate, number).n == number
    for number in (least - 1, most + 1):
        with pytest.raises(ConfigurationError):
            declared_limits(TYPE, [Rate(number, per=per, burst=burst)])


CHANGES = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 1), st.integers(0, 3), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=RATES, numbers=st.lists(st.integers(1, 30), min_size=3, max_size=3), steps=CHANGES)
def test_no_window_has_more_starts_than_the_largest_of_its_rates_allows(
    rate: Rate, numbers: list[int], steps: list[tuple[float, float, int, bool]]
) -> None:
    """Each job may know another number: as processes do for ten seconds after a change."""
    starts = starts_of(MemoryPlaces(), rate, numbers, steps)
    for first, _ in starts:
        window = [n for at, n in starts if first <= at < first + rate.per - ROUNDED]
        assert len(window) <= max(window) + rate.burst


def starts_of(
    places: LimitStore, rate: Rate, numbers: list[int], steps: list[tuple[float, float, int, bool]]
) -> list[tuple[float, int]]:
    """Return when jobs start that come at any times, and as late as they may, each with the number that it knows."""
    limit = Limit(f"3-rate.{rate.shared or 'mail'}", turns_of(rate), rate)
    now, starts = T0, list[tuple[float, int]]()
    least, most = numbers_of(rate)
    known = [rate.n, *(min(most, max(least, n)) for n in numbers)]
    n = rate.n
    for pause, lateness, number, changes in steps:
        if changes:
            n = known[number]
            change(places, n, limit)
        now += pause * with_number(rate, n).apart
        at = taken(places, now, limit=limit)
        if at is not None:
            starts.append((at + lateness * rate.late, n))
    return sorted(starts)


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rate=RATES, numbers=st.lists(st.integers(1, 30), min_size=3, max_size=3), steps=CHANGES)
def test_both_stores_give_the_same_slots_while_the_number_changes(
    cloud: Settings, rate: Rate, numbers: list[int], steps: list[tuple[float, float, int, bool]]
) -> None:
    own = replace(rate, shared=uuid.uuid4().hex)
    found = [starts_of(places, own, numbers, steps[:20]) for places in (MemoryPlaces(), DynamoPlaces(cloud))]
    assert [n for _, n in found[0]] == [n for _, n in found[1]]
    assert [at for at, _ in found[0]] == near([at for at, _ in found[1]])
