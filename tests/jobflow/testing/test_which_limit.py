"""Check that the examples of docs/job-types/which-limit.md limit what the page says, and nothing more."""

import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from chalicelib.jobs.job import Job, Status
from infra.definition.template import resources
from jobflow.testing import Platform
from tests.chalicelib.api.support import only_types
from tests.jobflow.testing.test_docs import blocks
from tests.support import built_in

PRINTED = blocks("docs/job-types/which-limit.md")
MANY = 40
"""More jobs at once than any limit of the page allows, and few enough to run inside each other."""
Case = Callable[..., SimpleNamespace]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """Run files of the page, and return the names that each of them makes; undone after the test."""
    for name in ("limits", "maps", "search"):
        module = ModuleType(f"acme.{name}")
        exec(PRINTED[f"acme/{name}.py"], module.__dict__)  # noqa: S102 - what the page prints
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def run(name: str) -> SimpleNamespace:
        made: dict[str, Any] = {"__name__": f"handlers.{name}"}
        exec(PRINTED[f"handlers/{name}.py"], made)  # noqa: S102 - what the page prints
        return SimpleNamespace(names=made, kind=made[name])

    with only_types():
        yield run


class Running:
    """What the functions call in place of a provider: the jobs that run, and the most at once, by name."""

    def __init__(self, *kinds: Any) -> None:
        self.platform = Platform(*kinds)
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.began: list[str] = []

    @contextmanager
    def one(self, name: str) -> Iterator[None]:
        """Run a job of that name until every other job that may run at the same time has begun."""
        self.began.append(name)
        self.now[name] += 1
        self.most[name] = max(self.most[name], self.now[name])
        self.most["all"] = max(self.most["all"], self.now.total())
        try:
            assert self.now.total() <= MANY
            self.platform.run()
            yield
        finally:
            self.now[name] -= 1

    def standing_for(self, *names: str) -> Callable[..., Any]:
        """Return a function to call in place of one of a page: its jobs have these names, or else its first value."""

        def call(*values: Any) -> Any:
            with self.one(names[0] if names else values[0]):
                return values[-1]

        return call

    def submit(self, kind: Any, *payloads: dict[str, Any]) -> list[Job]:
        """Submit jobs that are due one after the other."""
        made = []
        for payload in payloads:
            self.platform.clock.advance(0.01)
            made.append(self.platform.submit(kind, payload))
        return made

    def completed(self, jobs: list[Job]) -> bool:
        return all(self.platform.job(one).status is Status.COMPLETED for one in jobs)


def test_two_types_have_20_requests_together_and_one_alone_may_have_all(case: Case) -> None:
    chat, image = case("chat_answer"), case("image_describe")
    running = Running(chat.kind, image.kind)
    chat.names["ask"], image.names["describe"] = running.standing_for("chat"), running.standing_for("image")
    jobs = running.submit(chat.kind, *({"text": "why?"} for _ in range(12)))
    jobs += running.submit(image.kind, *({"key": str(number)} for number in range(18)))
    running.platform.run()
    assert (running.most["all"], running.completed(jobs)) == (20, True)
    alone = running.submit(chat.kind, *({"text": "why?"} for _ in range(25)))
    running.platform.run()
    assert (running.most["chat"], running.completed(alone)) == (20, True)


def test_a_customer_has_at_most_3_of_the_20_requests(case: Case) -> None:
    letter = case("letter_draft")
    running = Running(letter.kind)
    letter.names["draft"] = running.standing_for()
    customers = ["acme"] * 9 + [f"customer-{number}" for number in range(8) for _ in range(3)]
    jobs = running.submit(letter.kind, *({"customer": one, "about": "x"} for one in customers))
    running.platform.run()
    assert (running.most["acme"], running.most["all"]) == (3, 20)
    assert running.began[:6] == ["acme"] * 3 + ["customer-0"] * 3, "the others go on"
    assert running.completed(jobs)


def test_a_customers_backlog_leaves_workers_for_the_next_customer(case: Case) -> None:
    report = case("report_render")
    running = Running(report.kind)
    report.names["render"] = running.standing_for()
    months = [f"2026-{number}" for number in range(MANY - 2)]
    jobs = running.submit(report.kind, *({"customer": "acme", "month": month} for month in months))
    jobs += running.submit(report.kind, {"customer": "globex", "month": months[0]})
    groups = Counter(message.group for message in running.platform.queue.messages[report.kind.name])
    assert groups == {"acme": MANY - 2, "globex": 1}, "SQS lets the customers take turns"
    running.platform.run()
    assert (running.most["acme"], running.began[3]) == (3, "globex")
    assert running.completed(jobs)


def test_a_nightly_flood_leaves_places_to_people_who_come_later(case: Case) -> None:
    show, refresh = case("product_show"), case("product_refresh")
    running, people = Running(refresh.kind, show.kind), list[Job]()

    def refreshed(number: int) -> None:
        with running.one("flood"):
            if not people:  # the flood has all places that it can get
                people.extend(running.submit(show.kind, *({"number": number} for number in range(18))))
                running.platform.run()

    show.names["index"], refresh.names["refresh"] = running.standing_for("person"), refreshed
    flood = running.submit(refresh.kind, *({"number": number} for number in range(30)))
    running.platform.run()
    assert running.began[:20] == ["flood"] * 5 + ["person"] * 15
    assert (running.most["flood"], running.most["all"]) == (5, 20)
    assert running.completed([*flood, *people])


def test_a_letter_that_a_person_waits_for_passes_200_others(case: Case) -> None:
    letter = case("letter_print")
    platform, printed = Platform(letter.kind), list[int]()
    letter.names["print_letter"] = printed.append
    for number in range(200):
        platform.submit(letter.kind, {"number": number}, priority="low")
    platform.submit(letter.kind, {"number": 1000}, priority="high")
    platform.run()
    assert printed == [1000, *range(200)]


def test_at_most_50_requests_are_made_in_any_minute(case: Case) -> None:
    address = case("address_check")
    platform, asked = Platform(address.kind), list[float]()
    address.names["look_up"] = lambda text: asked.append(platform.clock.now)
    for number in range(170):
        platform.submit(address.kind, {"text": f"{number} Main Street"})
    platform.advance(minutes=5)
    assert len(asked) == 170
    assert min(later - earlier for earlier, later in zip(asked, asked[50:], strict=False)) >= 60
    assert asked[-1] - asked[0] < 4 * 60, "the rate is used"


def test_the_bookings_of_an_account_are_made_in_order(case: Case) -> None:
    booking = case("booking_make")
    platform, booked = Platform(booking.kind), list[tuple[str, int]]()
    fails = deque([True])

    def book(account: str, cents: int) -> None:
        if fails and fails.pop():
            raise TimeoutError
        booked.append((account, cents))
        platform.run()

    booking.names["book"] = book
    for account, cents in (("acme", 1), ("acme", 2), ("globex", 3), ("acme", 4)):
        platform.submit(booking.kind, {"account": account, "cents": cents})
    platform.run()
    assert booked == [("globex", 3)]
    platform.advance(minutes=5)
    assert booked == [("globex", 3), ("acme", 1), ("acme", 2), ("acme", 4)]


def test_one_shelf_of_a_shop_is_counted_at_a_time_and_a_failed_one_holds_up_none(case: Case) -> None:
    stock = case("stock_count")
    running, fails = Running(stock.kind), deque([True])

    def count(shop: str, shelf: int) -> None:
        with running.one(shop):
            if fails and fails.pop():
                raise TimeoutError

    stock.names["count"] = count
    shops = ["berlin"] * 4 + ["paris"] * 4
    jobs = running.submit(stock.kind, *({"shop": shop, "shelf": number} for number, shop in enumerate(shops)))
    running.platform.run()
    statuses = Counter(running.platform.job(one).status for one in jobs)
    assert statuses == {Status.RETRYING: 1, Status.COMPLETED: 7}
    running.platform.advance(minutes=5)
    assert running.most == {"berlin": 1, "paris": 1, "all": 2}
    assert running.completed(jobs)


def test_a_database_gets_40_connections(case: Case) -> None:
    order = case("order_import").kind
    function = resources([*built_in(), order], "jobflow-prod")["OrderImportFunction"]["Properties"]
    assert function["Events"]["Source"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 40}


def test_a_customers_slow_server_delays_only_its_own_requests(case: Case) -> None:
    notify = case("order_notify")
    running, answers = Running(notify.kind), {"acme": deque([429, 500])}

    def post(customer: str, order: int, token: str) -> int:
        with running.one(customer):
            of_customer = answers.get(customer)
            return of_customer.popleft() if of_customer else 200

    notify.names["post"] = post
    customers = ["acme"] * 5 + [f"customer-{number}" for number in range(12)]
    jobs = running.submit(notify.kind, *({"customer": one, "order": number} for number, one in enumerate(customers)))
    running.platform.run()
    assert (running.most["acme"], running.most["all"]) == (1, 10)
    assert Counter(running.platform.job(one).status for one in jobs)[Status.COMPLETED] == len(jobs) - 2
    running.platform.advance(minutes=5)
    assert running.completed(jobs)
    assert (running.most["acme"], running.most["all"]) == (1, 10)


def test_two_types_keep_a_shared_rate_and_one_customer_its_own(case: Case) -> None:
    starts = defaultdict[str, list[float]](list)

    def started(name: str) -> Callable[..., None]:
        return lambda *_: starts[name].append(platform.clock())

    kinds = {name: case(name) for name in ("route_find", "place_find", "stock_tell")}
    for name, function in {"route_find": "find", "place_find": "find"}.items():
        kinds[name].names[function] = started("maps")
    kinds["stock_tell"].names["post"] = lambda customer, _: started(customer)()
    platform = Platform(*(one.kind for one in kinds.values()))
    for number in range(60):
        platform.submit("route.find", {"begin": "Berlin", "end": str(number)})
        platform.submit("place.find", {"name": str(number)})
        platform.submit("stock.tell", {"customer": "acme", "pieces": number})
    platform.submit("stock.tell", {"customer": "globex", "pieces": 1})
    platform.advance(minutes=5)
    assert {name: len(found) for name, found in starts.items()} == {"maps": 120, "acme": 60, "globex": 1}
    for name, (n, per) in {"maps": (50, 60), "acme": (5, 1)}.items():
        found = starts[name]
        assert max(sum(first <= one < first + per for one in found) for first in found) <= n


def test_the_parcel_of_another_customer_is_traced_after_the_turns_that_are_given(case: Case) -> None:
    printed = case("parcel_trace")
    platform, traced = Platform(printed.kind), list[str]()

    def trace(customer: str, number: int) -> str:
        traced.append(customer)
        if len(traced) == 5:
            platform.submit("parcel.trace", {"customer": "beta", "number": number})
        return customer

    printed.names["trace"] = trace
    for number in range(100):
        platform.submit("parcel.trace", {"customer": "acme", "number": number})
    platform.advance(minutes=30)
    assert Counter(traced) == {"acme": 100, "beta": 1}
    assert traced.index("beta") <= 5 + 2, "after those that have their turn"
