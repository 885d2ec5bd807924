"""Test the slots of limits with a rate: in memory, over DynamoDB, and in the model that the proof explores."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.job_types.rate import Rate
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit, Slot, turns_of
from chalicelib.limits.port import PlaceStore
from chalicelib.settings import Settings
from tests.contract.conftest import LoseReply
from tests.contract.control.test_places import TYPE, A, B, C, Model, name, waiter
from tests.support import T0, requests_to

FIFTY = Rate(50, per=60)
RATED = Limit("3-rate.mail", turns_of(FIFTY), FIFTY)
ONE_TURN = replace(RATED, n=1)


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
    assert found == pytest.approx([T0 + number * FIFTY.apart for number in range(4)] + [T0 + 4 * FIFTY.apart])
    assert taken(places, T0) is None
    assert taken(places, T0 + 10) == T0 + 10


def test_a_slot_after_a_quiet_time_begins_now(places: PlaceStore) -> None:
    taken(places, T0)
    assert taken(places, T0 + 100) == T0 + 100
    assert places.read(RATED).slots_to == pytest.approx(T0 + 100 + FIFTY.apart)


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
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([FIFTY.apart] * 2)
    assert T0 <= times[0] <= T0 + FIFTY.apart


def test_a_slot_of_which_the_answer_is_lost_is_taken_once(cloud: Settings, lose_reply: LoseReply) -> None:
    places = DynamoPlaces(cloud)
    places.mark(ONE_TURN, TYPE)
    places.grant(ONE_TURN, waiter(A))
    lost = lose_reply("UpdateItem")
    assert taken(places, T0, limit=ONE_TURN, turn=True) == T0
    assert lost
    assert places.read(ONE_TURN).slots_to == pytest.approx(T0 + FIFTY.apart)


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
        assert sum(first <= one < first + rate.per for one in starts) <= rate.n + rate.burst
