"""Test the places of limits and their lines: in memory, over DynamoDB, and in the model that the proof explores."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters.port import Pause
from chalicelib.errors import LimitBusy
from chalicelib.jobs.priority import HIGH, LOW, NORMAL
from chalicelib.limits.changed import Changed
from chalicelib.limits.constants import APART, ASKED_FOR, NO_LIMIT
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit, Listed, Places, Waiter, name_of
from chalicelib.limits.port import LimitStore, PlaceStore
from chalicelib.settings import Settings
from tests.contract.conftest import LoseReply
from tests.proof.limits import LimitRow, Process, Row, Rules, State, World
from tests.support import REGION, T0, Clock, requests_to

TYPE, OTHER = "email.send", "image.process"
A, B, C = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
ONE, TWO = Limit("3.mail", 1), Limit("3.mail", 2)
BOTH = (TYPE, OTHER)


class Model:
    """The model of `tests/proof/limits.py`, as a store."""

    def __init__(self) -> None:
        self.state, self.last = State((Row(),), (LimitRow(),), (0,)), 0

    def listed(self) -> list[Listed]:
        """Return the list, as it is read by a process that may strike an entry."""
        found = self.__getattr__("read the list")(ONE)
        return [Listed(ONE.id, str(self.last))] if found else []

    def strike(self, listed: Listed) -> None:
        """Let the process that has read the entry strike it."""
        self.__getattr__("strike")(ONE, listed.entry)

    def __getattr__(self, name: str) -> Callable[..., object]:
        def request(limit: Limit, *about: object, asked: bool = False) -> object:
            world = World(Rules({"a": limit.id}, {limit.id: limit.n}))
            known = name in ("unmark", "strike")
            mine = Process(int(str(about[0])) if known else len(self.state.processes))
            if known:
                mine = next(one for one in self.state.processes if one.at == mine.at)
                about = ()
            about = (about[0], limit.n, False, asked) if name == "grant" else about
            others = tuple(one for one in self.state.processes if one != mine)
            what = name.replace("_", " ") if name in ("step_out", "ask_for") else name
            said = (what, limit.id, *about)
            state, answer, after = next(world.answered(self.state._replace(processes=others), mine, said))
            if name == "take" and answer is None:
                said = ("take the first place", *said[1:])
                state, answer, after = next(world.answered(state, mine, said))
            self.state = state._replace(processes=(*state.processes, after))
            self.last = mine.at
            if name == "close" and answer is not None:
                return replace(answer, closing=str(mine.at))
            return bool(answer) if name == "take" else answer

        return request


@pytest.fixture(params=["memory", "dynamo", "model"])
def places(request: pytest.FixtureRequest) -> Iterator[PlaceStore]:
    if request.param == "dynamo":
        yield DynamoPlaces(request.getfixturevalue("cloud"))
    else:
        yield MemoryPlaces() if request.param == "memory" else Model()  # type: ignore[misc]


def name(passed: int = 1) -> str:
    return name_of(TYPE, 1, passed)


def waiter(
    job: str, claims: int = 1, gen: int = 1, since: float = T0, job_type: str = TYPE, rank: int = NORMAL
) -> Waiter:
    return Waiter(since, job, job_type, gen, claims, name_of(job_type, gen, claims), rank=rank)


def test_a_limit_without_a_row_has_no_names(places: PlaceStore) -> None:
    assert places.read(ONE) == Places()


def test_a_place_is_taken_once(places: PlaceStore) -> None:
    assert places.take(ONE, A, name())
    assert not places.take(ONE, B, name())
    assert places.read(ONE) == Places({A: name()})


def test_as_many_jobs_as_places_have_one(places: PlaceStore) -> None:
    assert [places.take(TWO, job, name()) for job in (A, B, C)] == [True, True, False]


def test_a_limit_of_0_gives_no_place(places: PlaceStore) -> None:
    nobody = Limit("3.mail", 0)
    assert not places.take(nobody, A, name())
    places.mark(nobody, TYPE)
    assert not places.grant(nobody, waiter(A))


def test_a_job_keeps_its_place_under_a_later_name(places: PlaceStore) -> None:
    places.take(ONE, A, name())
    places.mark(ONE, TYPE)
    assert places.take(ONE, A, name(2))
    assert places.read(ONE).held == {A: name(2)}


def test_nobody_takes_a_free_place_past_those_who_wait(places: PlaceStore) -> None:
    assert places.mark(ONE, TYPE) == (Places(waits=True, types=frozenset({TYPE})), True)
    assert not places.take(ONE, A, name())
    assert places.grant(ONE, waiter(B))
    assert places.read(ONE) == Places({B: waiter(B).name}, waits=True, types=frozenset({TYPE}))


def test_a_place_is_given_only_if_one_is_free_and_somebody_waits(places: PlaceStore) -> None:
    places.take(TWO, A, name())
    assert not places.grant(TWO, waiter(B)), "nobody waits"
    places.mark(TWO, TYPE)
    assert places.grant(TWO, waiter(B))
    assert not places.grant(TWO, waiter(B, claims=2)), "it has one"
    assert not places.grant(TWO, waiter(C)), "none is free"


def test_a_place_that_is_asked_for_is_given_once(places: PlaceStore) -> None:
    first, second = waiter(A, job_type=OTHER), waiter(B, job_type=OTHER)
    places.ask_for(TWO, OTHER)
    assert not places.read(TWO).asked, "nobody waits"
    places.mark(TWO, OTHER)
    assert not places.grant(TWO, first, asked=True), "nobody has asked"
    places.ask_for(TWO, OTHER)
    assert places.read(TWO).asked == OTHER
    assert not places.grant(TWO, waiter(C), asked=True), "it is for another type"
    assert places.grant(TWO, first, asked=True)
    assert places.grant(TWO, first, asked=True), "a repetition of the same write"
    assert not places.grant(TWO, second, asked=True)
    assert (set(places.read(TWO).held), places.read(TWO).asked) == ({A}, "")


def test_a_place_that_is_asked_for_is_given_only_if_it_is_free(places: PlaceStore) -> None:
    places.take(ONE, B, name())
    places.mark(ONE, OTHER)
    places.ask_for(ONE, OTHER)
    assert not places.grant(ONE, waiter(A, job_type=OTHER), asked=True)
    assert places.read(ONE).asked == OTHER, "who leaves the place gives it"
    places.leave(ONE, B, name())
    assert places.grant(ONE, waiter(A, job_type=OTHER), asked=True)


def test_a_request_for_a_place_replaces_the_one_before_and_is_forgotten_after_a_while(cloud: Settings) -> None:
    clock = Clock()
    for places in (MemoryPlaces(clock=clock), DynamoPlaces(cloud, clock)):
        places.mark(ONE, OTHER)
        places.ask_for(ONE, TYPE)
        places.ask_for(ONE, OTHER)
        clock.advance(ASKED_FOR - 1)
        assert places.read(ONE).asked == OTHER
        clock.advance(2)
        assert not places.read(ONE).asked


def test_only_the_same_name_leaves(places: PlaceStore) -> None:
    places.take(ONE, A, name(2))
    assert not places.leave(ONE, A, name(1))
    assert places.read(ONE).held == {A: name(2)}
    assert not places.leave(ONE, A, name(2))
    assert places.read(ONE).held == {}


@pytest.mark.parametrize(("gen", "passed"), [(1, 10), (2, 1)])
def test_a_name_that_a_dead_worker_has_left_goes_with_the_present_one(
    places: PlaceStore, gen: int, passed: int
) -> None:
    places.take(ONE, A, name(9))
    places.mark(ONE, TYPE)
    assert places.leave(ONE, A, name_of(OTHER, gen, passed))
    assert places.read(ONE).held == {A: name(9)}
    assert places.leave(ONE, A, name_of(TYPE, gen, passed))
    assert places.read(ONE).held == {}


def test_who_leaves_learns_that_jobs_wait_even_a_second_time(places: PlaceStore) -> None:
    places.take(ONE, A, name())
    places.mark(ONE, TYPE)
    assert places.leave(ONE, A, name())
    assert places.leave(ONE, A, name())


def test_a_place_of_a_limit_without_a_row_is_left_by_nobody(places: PlaceStore) -> None:
    assert not places.leave(ONE, A, name())


def test_the_line_is_in_the_order_of_creation_over_all_types(places: PlaceStore) -> None:
    assert list(places.first(TWO, BOTH)) == []
    late, early = waiter(A, since=T0 + 1), waiter(B, since=T0 + 0.5, job_type=OTHER)
    places.stand(TWO, late)
    assert list(places.first(TWO, BOTH)) == [late]
    places.stand(TWO, early)
    assert list(places.first(TWO, BOTH)) == [early]
    places.step_out(TWO, early)
    assert list(places.first(TWO, BOTH)) == [late]


def test_the_line_is_ordered_by_priority_first_over_all_types(places: PlaceStore) -> None:
    late_low, low = waiter(A, since=T0 + 9, rank=LOW), waiter(B, since=T0, job_type=OTHER, rank=LOW)
    late, early = waiter(A, since=T0 + 8), waiter(B, since=T0 + 1, job_type=OTHER)
    late_high, high = waiter(A, since=T0 + 7, rank=HIGH), waiter(B, since=T0 + 2, job_type=OTHER, rank=HIGH)
    order = [high, late_high, early, late, low, late_low]
    for one in reversed(order):
        places.stand(TWO, one)
    assert list(places.first(TWO, BOTH, 9)) == order
    for number, one in enumerate(order):
        assert list(places.first(TWO, BOTH, 9, one)) == order[number + 1 :]
    for number, one in enumerate(order):
        places.step_out(TWO, one)
        assert list(places.first(TWO, BOTH, 9)) == order[number + 1 :]


def test_a_job_of_high_priority_is_before_those_that_were_due_earlier(cloud: Settings) -> None:
    for places in (MemoryPlaces(), DynamoPlaces(cloud)):
        line = [waiter(A, since=T0 + 2, rank=HIGH), waiter(B, since=T0 + 1), waiter(C, since=T0, rank=LOW)]
        for one in line:
            places.stand(TWO, one)
        assert [places.before(TWO, {TYPE}, one, 9) for one in line] == [0, 1, 2]


def keys_of(cloud: Settings) -> list[str]:
    items = aws.client("dynamodb", REGION).scan(TableName=cloud.control_table, ConsistentRead=True)["Items"]
    return sorted(item["sk"]["S"] for item in items if item["pk"]["S"].startswith("LINE#"))


def test_the_version_before_reads_the_rows_of_the_line_and_the_other_way_round(cloud: Settings) -> None:
    """It knows only milliseconds in 15 characters, and writes such a number back as it was to remove the row."""
    places = DynamoPlaces(cloud)
    for rank in (HIGH, NORMAL, LOW):
        places.stand(ONE, waiter(A, since=T0 + 0.001, rank=rank))
    high, normal, low = keys_of(cloud)
    assert normal == f"{round(T0 * 1000) + 1:015}#{A}", "a row of the version before"
    for key in (high, normal, low):
        moment, _, job = key.partition("#")
        since = int(moment) / 1000
        assert f"{round(since * 1000):015}#{job}" == key
    assert [one.rank for one in places.first(ONE, BOTH, 9)] == [HIGH, NORMAL, LOW]
    assert {one.since for one in places.first(ONE, BOTH, 9)} == {T0 + 0.001}


def test_the_version_before_keeps_the_order_of_positions(cloud: Settings) -> None:
    """It reads them as times in the future, and writes such a number back as it was to remove the row."""
    places = DynamoPlaces(cloud)
    rows = [replace(waiter(A, rank=rank), position=4 * 10**12 + 7) for rank in (HIGH, NORMAL, LOW)]
    for row in rows:
        places.stand(ONE, row)
    for key in keys_of(cloud):
        moment, _, job = key.partition("#")
        assert f"{round(int(moment) / 1000 * 1000):015}#{job}" == key
    assert list(places.first(ONE, BOTH, 9)) == rows


def test_a_job_learns_how_many_of_its_type_are_before_it(cloud: Settings) -> None:
    for places in (MemoryPlaces(), DynamoPlaces(cloud)):
        first, second, third = (waiter(job, since=T0 + place) for place, job in enumerate((A, B, C)))
        for one in (third, first, second, replace(second, type=OTHER)):
            places.stand(TWO, one)
        assert [places.before(TWO, {TYPE}, one, 9) for one in (first, second, third)] == [0, 1, 2]
        assert places.before(TWO, {TYPE}, third, 1) == 1


def test_a_job_learns_how_many_of_all_types_are_before_it(cloud: Settings) -> None:
    for places in (MemoryPlaces(), DynamoPlaces(cloud)):
        first, second, third = (
            waiter(job, since=T0 + place, job_type=name)
            for place, (job, name) in enumerate(((A, TYPE), (B, OTHER), (C, TYPE)))
        )
        for one in (third, first, second):
            places.stand(TWO, one)
        assert [places.before(TWO, BOTH, one, 9) for one in (first, second, third)] == [0, 1, 2]
        assert places.before(TWO, BOTH, third, 1) == 1


def test_the_paused_queues_are_known(cloud: Settings) -> None:
    counters, places = DynamoCounters(cloud), DynamoPlaces(cloud)
    assert list(places.paused()) == []
    counters.pause("mail.send", Pause(T0, "ada"))
    counters.pause("queue-a", Pause(T0, "ada"))
    assert sorted(places.paused()) == ["mail.send", "queue-a"]
    counters.resume("mail.send")
    assert list(places.paused()) == ["queue-a"]


def test_a_row_of_the_line_belongs_to_one_wait(places: PlaceStore) -> None:
    places.stand(ONE, waiter(A, claims=3))
    places.stand(ONE, waiter(A, claims=2))
    assert list(places.first(ONE, BOTH)) == [waiter(A, claims=3)]
    places.step_out(ONE, waiter(A, claims=2))
    assert list(places.first(ONE, BOTH)) == [waiter(A, claims=3)]
    places.stand(ONE, waiter(A, gen=2, claims=1))
    assert list(places.first(ONE, BOTH)) == [waiter(A, gen=2, claims=1)]
    places.step_out(ONE, waiter(A, gen=2, claims=1))
    places.step_out(ONE, waiter(A, gen=2, claims=1))
    assert list(places.first(ONE, BOTH)) == []


def announced(places: PlaceStore) -> str:
    found = places.close(ONE)
    assert found is not None
    assert found.closing is not None
    return found.closing


def test_the_mark_is_removed_only_by_who_announced_it_last(places: PlaceStore) -> None:
    assert places.close(ONE) is None
    places.mark(ONE, TYPE)
    first, second = announced(places), announced(places)
    assert places.unmark(ONE, first) is None
    assert places.unmark(ONE, second) == Places()
    assert places.unmark(ONE, first) is None
    assert places.take(ONE, A, name())


def test_a_limit_is_listed_until_its_present_entry_is_struck(places: PlaceStore) -> None:
    assert list(places.listed()) == []
    places.mark(ONE, TYPE)
    places.enlist(ONE)
    (first,) = places.listed()
    assert first.limit == ONE.id
    places.enlist(ONE)
    places.strike(first)
    (second,) = places.listed()
    places.strike(second)
    places.strike(second)
    assert list(places.listed()) == []


def test_a_job_that_begins_to_wait_keeps_the_mark(places: PlaceStore) -> None:
    places.take(ONE, A, name())
    places.mark(ONE, TYPE)
    closing = announced(places)
    assert places.mark(ONE, TYPE) == (Places({A: name()}, waits=True, types=frozenset({TYPE})), False)
    assert places.unmark(ONE, closing) is None
    assert places.read(ONE).waits


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_three_of_them_give_the_same_answers(cloud: Settings, data: st.DataObject) -> None:
    limit = Limit(str(uuid.uuid4()), data.draw(st.integers(0, 2)))
    stores: tuple[PlaceStore, ...] = (MemoryPlaces(), DynamoPlaces(cloud), Model())  # type: ignore[assignment]
    closing: list[tuple[str, ...]] = []
    answers: list[object]
    for _ in range(data.draw(st.integers(1, 12))):
        what = data.draw(st.sampled_from(["take", "grant", "leave", "stand", "step_out", "mark", "first", "close"]))
        job, job_type = data.draw(st.sampled_from([(A, TYPE), (B, TYPE), (C, OTHER)]))
        rank = data.draw(st.sampled_from([HIGH, NORMAL, LOW]))
        one = waiter(job, data.draw(st.integers(1, 2)), job_type=job_type, rank=rank)
        unmarks = data.draw(st.booleans())
        if closing and unmarks:
            what = "unmark"
            mine = closing.pop(data.draw(st.integers(0, len(closing) - 1)))
            answers = [store.unmark(limit, own) for store, own in zip(stores, mine, strict=True)]
        elif what == "close":
            closed = [store.close(limit) for store in stores]
            if None not in closed:
                closing.append(tuple(str(one and one.closing) for one in closed))
            answers = [one and replace(one, closing="") for one in closed]
        else:
            arguments: dict[str, tuple[object, ...]] = {
                "take": (one.job, one.name), "leave": (one.job, one.name), "mark": (one.type,),
                "first": (BOTH, data.draw(st.integers(1, 3)), data.draw(st.sampled_from([None, one]))),
            }  # fmt: skip
            answers = [getattr(store, what)(limit, *arguments.get(what, (one,))) for store in stores]
        if what == "mark":
            marked: list[tuple[Places, bool]] = answers  # type: ignore[assignment]
            answers = [(found.held, new) for found, new in marked]
        if what == "first":
            answers = [list(line) for line in answers]  # type: ignore[call-overload]
        read = [store.read(limit) for store in stores]
        assert answers[0] == answers[1] == answers[2], what
        facts = [(found.held, found.waits, found.types) for found in read]
        assert facts[0] == facts[1] == facts[2], what


@pytest.fixture(params=["memory", "dynamo"])
def stored(request: pytest.FixtureRequest) -> LimitStore:
    return MemoryPlaces() if request.param == "memory" else DynamoPlaces(request.getfixturevalue("cloud"))


def test_positions_of_a_tenant_follow_each_other_and_another_tenant_begins_before_the_second(
    stored: LimitStore,
) -> None:
    first, second, third = (stored.position(ONE, "acme", NORMAL) for _ in range(3))
    assert (second - first, third - second) == (APART, APART)
    beta, gamma = stored.position(ONE, "beta", NORMAL), stored.position(ONE, "gamma", NORMAL)
    assert first < beta < gamma < second, "who comes first is first"


def test_positions_are_of_one_limit_and_one_rank(stored: LimitStore) -> None:
    first = stored.position(ONE, "acme", NORMAL)
    assert [stored.position(ONE, "acme", LOW), stored.position(Limit("3.other", 1), "acme", NORMAL)] == [first, first]


def test_who_comes_late_begins_at_the_clock_and_not_at_the_start(stored: LimitStore) -> None:
    stored.take(ONE, A, name())
    row = replace(waiter(B), position=7 * APART)
    stored.mark(ONE, TYPE)
    stored.leave(ONE, A, name())
    clock = row.clock(stored.read(ONE))
    assert clock == 7 * APART
    assert stored.grant(ONE, row, clock)
    assert stored.position(ONE, "beta", NORMAL) == 7 * APART + 1
    assert stored.position(ONE, "beta", HIGH) == 1, "each rank has a clock"


def test_a_slow_process_moves_the_clock_not_back_and_its_job_gets_its_place(stored: LimitStore) -> None:
    stored.mark(TWO, TYPE)
    assert stored.grant(TWO, replace(waiter(A), position=4 * APART), 4 * APART)
    assert stored.grant(TWO, replace(waiter(B), position=APART), APART)
    assert stored.position(TWO, "beta", NORMAL) == 4 * APART + 1
    assert not stored.grant(TWO, replace(waiter(C), position=9 * APART), 9 * APART), "no place is free"
    assert stored.position(TWO, "gamma", NORMAL) == 4 * APART + 2


def test_a_place_moves_the_clock_though_its_job_has_waited_since_long_ago(stored: LimitStore) -> None:
    for number in range(5):
        stored.position(ONE, f"tenant {number}", NORMAL)
    assert replace(waiter(B), position=1).clock(stored.read(ONE)) == 6
    assert waiter(B).clock(stored.read(ONE)) is None, "a row without a position"


def test_positions_are_forgotten_when_nobody_waits_any_more(stored: LimitStore) -> None:
    stored.mark(ONE, TYPE)
    positions = [stored.position(ONE, "acme", NORMAL) for _ in range(9)]
    closing = stored.close(ONE)
    assert closing is not None
    stored.unmark(ONE, closing.closing or "")
    assert positions[0] < stored.position(ONE, "acme", NORMAL) < positions[1]


def test_rows_with_a_position_stand_behind_those_without_and_keep_when_they_were_due(stored: LimitStore) -> None:
    ranked = [
        (rank, replace(waiter(job, since=T0 + at, rank=rank), position=position))
        for rank in (LOW, NORMAL, HIGH)
        for job, at, position in ((A, 5, 2 * APART), (B, 6, APART), (C, 7, None))
    ]
    for _, row in ranked:
        stored.stand(ONE, row)
    found = list(stored.first(ONE, {TYPE}, 9))
    assert [(one.rank, one.job) for one in found] == [(rank, job) for rank in (HIGH, NORMAL, LOW) for job in (C, B, A)]
    assert {(one.since, one.position) for one in found} == {(T0 + 5, 2 * APART), (T0 + 6, APART), (T0 + 7, None)}
    assert list(stored.first(ONE, {TYPE}, 9, found[3])) == found[4:]
    for one in found:
        stored.step_out(ONE, one)
    assert list(stored.first(ONE, {TYPE}, 9)) == []


def test_a_lost_answer_only_leaves_a_position_unused(cloud: Settings, lose_reply: LoseReply) -> None:
    places = DynamoPlaces(cloud)
    before = places.position(ONE, "acme", NORMAL)
    lost = lose_reply("UpdateItem")
    assert places.position(ONE, "acme", NORMAL) - before == 2 * APART
    assert lost


def test_many_workers_give_a_tenant_different_positions(cloud: Settings) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: DynamoPlaces(cloud).position(ONE, "acme", NORMAL), range(12)))
    assert len(set(found)) == len(found)


def test_an_operator_changes_the_number_of_places(stored: LimitStore) -> None:
    stored.take(TWO, A, name())
    lower = Changed(TWO.id, 1, "ops", "an outage", T0)
    stored.change(lower)
    assert stored.changes() == {TWO.id: lower}
    assert not stored.take(TWO, B, name())
    assert stored.read(TWO) == Places({A: name()}, n=1)
    stored.mark(TWO, TYPE)
    assert not stored.grant(TWO, waiter(B))
    stored.change(replace(lower, n=2, reason=""))
    assert [one.reason for one in stored.changes().values()] == [""]
    assert stored.grant(TWO, waiter(B))
    stored.reset(TWO.id)
    stored.reset(TWO.id)
    assert stored.changes() == {}
    assert stored.read(TWO).n is None


def test_with_zero_places_no_job_starts_and_one_that_waits_is_found(stored: LimitStore) -> None:
    stored.change(Changed(ONE.id, 0, "ops", "", T0))
    stored.changes()
    assert not stored.take(ONE, A, name())
    assert not stored.read(ONE).free(ONE)
    stored.stamp(ONE)
    stored.stand(ONE, waiter(A))
    assert stored.mark(ONE, TYPE) == (Places(waits=True, types=frozenset([TYPE]), n=0), True)
    assert not stored.grant(ONE, waiter(A))


def test_a_change_of_all_values_is_in_force_for_each_value_without_a_change_of_its_own(stored: LimitStore) -> None:
    acme, other = Limit("0.invoice.acme", 3), Limit("0.invoice.b%2Ec", 3)
    for limit, n in (("0.invoice.*", 1), ("0.invoice.acme", 2)):
        stored.change(Changed(limit, n, "ops", "", T0))
    stored.changes()
    assert [stored.read(limit).n for limit in (acme, other, Limit("0.invoices.acme", 3))] == [2, 1, None]


def test_a_limit_that_no_code_declares_lets_all_go_on_whatever_was_changed(stored: LimitStore) -> None:
    stored.change(Changed(ONE.id, 0, "ops", "", T0))
    stored.changes()
    assert stored.read(Limit(ONE.id, NO_LIMIT)).free(Limit(ONE.id, NO_LIMIT))


def test_jobs_that_wait_are_counted_up_to_a_bound(stored: LimitStore) -> None:
    for number in range(3):
        stored.stand(ONE, waiter(str(uuid.UUID(int=number))))
    assert [stored.waiting(ONE, TYPE, most) for most in (2, 5)] == [2, 3]
    assert stored.waiting(ONE, OTHER, 5) == 0


def test_a_job_with_two_rows_counts_once(stored: LimitStore) -> None:
    for one in (waiter(A, rank=LOW), waiter(A, rank=HIGH), waiter(B, since=T0 + 1, rank=LOW)):
        stored.stand(ONE, one)
    assert stored.waiting(ONE, TYPE, 9) == 2
    assert stored.before(ONE, {TYPE}, waiter(B, since=T0 + 1, rank=LOW), 9) == 1


def test_a_process_obeys_a_change_within_ten_seconds_and_at_once_if_the_row_has_a_stamp(
    cloud: Settings, clock: Clock
) -> None:
    places, operator = DynamoPlaces(cloud, clock), DynamoPlaces(cloud, clock)
    assert places.read(ONE) == Places()
    operator.change(Changed(ONE.id, 0, "ops", "", T0))
    clock.advance(8)
    assert places.read(ONE).n is None, "it remembers what it has read"
    clock.advance(2)
    assert places.read(ONE).n == 0
    operator.change(Changed(ONE.id, 1, "ops", "", T0))
    operator.stamp(ONE)
    assert places.read(ONE).n == 1
    assert places.take(ONE, A, name())
    operator.change(Changed(ONE.id, 2, "ops", "", T0))
    operator.stamp(ONE)
    assert places.mark(ONE, TYPE)[0].n == 2, "a job that begins to wait sees the change"


def test_a_job_that_begins_to_wait_sees_at_once_that_all_values_were_changed(cloud: Settings, clock: Clock) -> None:
    """The change could not put a stamp into the row of its value: no job waited for it."""
    value = Limit("0.email.send.acme", 1)
    places, operator = DynamoPlaces(cloud, clock), DynamoPlaces(cloud, clock)
    operator.change(Changed("0.email.send.*", 0, "ops", "", T0))
    assert not places.take(value, A, name())
    operator.reset("0.email.send.*")
    assert list(operator.listed(consistent=True)) == []
    places.stand(value, waiter(A))
    found, _ = places.mark(value, TYPE)
    assert not found.free(value)
    assert places.in_force(value) == 1
    assert places.read(value).free(value)
    operator.change(Changed("0.email.send.*", 5, "ops", "", T0))
    assert places.in_force(value) == 5
    assert places.read(value).n == 5


def test_the_number_in_force_is_that_of_the_value_or_else_of_all_values(stored: LimitStore) -> None:
    value = Limit("0.email.send.acme", 3)
    assert stored.in_force(value) == 3
    for limit, n in (("0.email.send.*", 1), (value.id, 2)):
        stored.change(Changed(limit, n, "ops", "", T0))
    stored.changes()
    assert stored.in_force(value) == 2
    stored.reset(value.id)
    stored.changes()
    assert stored.in_force(value) == 1


def test_an_old_stamp_costs_no_read(cloud: Settings, clock: Clock) -> None:
    operator = DynamoPlaces(cloud, clock)
    operator.change(Changed(ONE.id, 0, "ops", "", T0))
    operator.stamp(ONE)
    operator.reset(ONE.id)
    operator.stamp(ONE)
    clock.advance(3600)
    started = DynamoPlaces(cloud, clock)
    with requests_to("dynamodb") as made:
        started.take(ONE, A, name())
        started.read(ONE)
        started.read(ONE)
    assert sorted(made) == ["GetItem", "GetItem", "Query", "UpdateItem"]


def test_a_new_stamp_is_read_once(cloud: Settings, clock: Clock) -> None:
    places, operator = DynamoPlaces(cloud, clock), DynamoPlaces(cloud, clock)
    places.read(ONE)
    clock.advance(1)
    operator.change(Changed(ONE.id, 0, "ops", "", T0))
    operator.stamp(ONE)
    with requests_to("dynamodb") as made:
        assert [places.read(ONE).n for _ in range(3)] == [0, 0, 0]
    assert sorted(made) == ["GetItem", "GetItem", "GetItem", "Query"]


def test_changed_limits_are_read_once_in_ten_seconds_however_many_jobs_run(cloud: Settings, clock: Clock) -> None:
    places = DynamoPlaces(cloud, clock)
    places.take(ONE, A, name())
    with requests_to("dynamodb") as made:
        for _ in range(10):
            clock.advance(1)
            places.take(ONE, A, name())
    assert sorted(made) == ["Query", *["UpdateItem"] * 10]


def test_one_take_and_one_leave_are_two_writes_and_no_read(cloud: Settings) -> None:
    places = DynamoPlaces(cloud)
    places.take(ONE, A, name())
    places.leave(ONE, A, name())
    with requests_to("dynamodb") as made:
        places.take(ONE, A, name())
        places.leave(ONE, A, name())
    assert made == ["UpdateItem", "UpdateItem"]


def test_a_mark_counts_as_new_if_its_answer_was_lost(cloud: Settings, lose_reply: LoseReply) -> None:
    """Otherwise the limit would not be listed for the watchdog."""
    places = DynamoPlaces(cloud)
    lost = lose_reply("UpdateItem")
    assert places.mark(ONE, TYPE) == (Places(waits=True, types=frozenset({TYPE})), True)
    assert lost
    assert places.mark(ONE, TYPE) == (Places(waits=True, types=frozenset({TYPE})), False)


def test_a_lost_answer_is_told_again(cloud: Settings, lose_reply: LoseReply) -> None:
    """Otherwise a job would have a place that nobody hands over, or the mark would be gone and nobody cleans up."""
    places = DynamoPlaces(cloud)
    places.mark(ONE, TYPE)
    lost = lose_reply("UpdateItem")
    assert places.grant(ONE, waiter(A))
    assert lost
    closing = announced(places)
    lost = lose_reply("UpdateItem")
    assert places.unmark(ONE, closing) == Places({A: waiter(A).name})
    assert lost
    lost = lose_reply("UpdateItem")
    assert not places.leave(ONE, A, waiter(A).name)
    assert lost


def test_the_first_rows_of_a_line_are_read_together_also_behind_a_row(places: PlaceStore) -> None:
    rows = [waiter(A, since=T0), waiter(B, since=T0 + 1, job_type=OTHER), waiter(C, since=T0 + 2)]
    for row in rows:
        places.stand(ONE, row)
    assert list(places.first(ONE, BOTH, 2)) == rows[:2]
    assert list(places.first(ONE, BOTH, 3, rows[0])) == rows[1:]
    assert list(places.first(ONE, BOTH, 3, rows[2])) == []


def test_a_waiter_tells_of_which_limits_the_job_has_places(cloud: Settings) -> None:
    for places in (MemoryPlaces(), DynamoPlaces(cloud)):
        holds = ("1.mail.acme%2Ecom", "2.mail")
        places.stand(ONE, replace(waiter(A), holds=holds))
        (first,) = places.first(ONE, BOTH)
        assert first.holds == holds


@pytest.mark.parametrize("first", [True, False], ids=["first place", "later"])
def test_a_lost_answer_takes_no_second_place(cloud: Settings, lose_reply: LoseReply, *, first: bool) -> None:
    places = DynamoPlaces(cloud)
    if not first:
        places.take(TWO, A, name())
    lost = lose_reply("UpdateItem")
    assert places.take(TWO, B, name())
    assert lost
    assert places.read(TWO).held == {B: name()} | ({} if first else {A: name()})


def test_a_row_with_too_many_requests_is_told_from_an_outage(cloud: Settings) -> None:
    places = DynamoPlaces(cloud)
    places.take(TWO, A, name())
    events = aws.client("dynamodb", REGION).meta.events
    code = "ProvisionedThroughputExceededException"

    def refuse(**_: object) -> AWSResponse:
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "too many"}).encode()
        raw = type("Raw", (), {"stream": lambda *_args, **_more: iter([body])})()
        return AWSResponse("https://dynamodb", 400, HTTPHeaders(), raw)

    events.register_first("before-send.dynamodb.UpdateItem", refuse)
    try:
        with pytest.raises(LimitBusy):
            places.take(TWO, B, name())
    finally:
        events.unregister("before-send.dynamodb.UpdateItem", refuse)


def test_never_more_names_than_places_although_all_take_at_once(cloud: Settings) -> None:
    places, jobs = DynamoPlaces(cloud), [str(uuid.uuid4()) for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda job: places.take(TWO, job, name()), jobs))
    assert sum(taken) == len(places.read(TWO).held) == 2
