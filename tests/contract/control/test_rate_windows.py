"""Test every rate window: it counts each request once, and continues with the count of the last window."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.access.port import RateWindows, Window
from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.settings import Settings
from tests.support import REGION

LENGTH = 60
ADDRESS = "192.0.2.7"


def test_requests_are_counted_in_their_window_and_the_next_one_remembers_the_last(windows: RateWindows) -> None:
    assert windows.hit(ADDRESS, 600, LENGTH) == Window(600, 1, 0)
    assert windows.hit(ADDRESS, 600, LENGTH, 7) == Window(600, 8, 0), "a request may count as several"
    assert windows.hit(ADDRESS, 660, LENGTH, 3) == Window(660, 3, 8)
    assert windows.hit(ADDRESS, 600, LENGTH) == Window(660, 4, 8), "a clock that lags"
    assert windows.hit(ADDRESS, 780, LENGTH) == Window(780, 1, 0), "a window long ago is forgotten"


def test_addresses_are_apart(windows: RateWindows) -> None:
    windows.hit(ADDRESS, 600, LENGTH)
    assert windows.hit("2001:db8::7", 600, LENGTH) == Window(600, 1, 0)


def test_a_refused_request_is_taken_out_of_its_own_window_only(windows: RateWindows) -> None:
    windows.forgive(ADDRESS, 600)
    windows.hit(ADDRESS, 600, LENGTH)
    windows.hit(ADDRESS, 600, LENGTH)
    windows.forgive(ADDRESS, 600)
    windows.forgive(ADDRESS, 540)
    assert windows.hit(ADDRESS, 600, LENGTH) == Window(600, 2, 0)


def test_no_request_is_lost_among_many_at_once(windows: RateWindows) -> None:
    windows.hit(ADDRESS, 600, LENGTH)
    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(lambda _: windows.hit(ADDRESS, 660, LENGTH), range(48)))
    assert sorted(window.count for window in seen) == list(range(1, 49))
    assert {(window.start, window.previous) for window in seen} == {(660, 1)}


def test_a_request_that_slips_in_while_the_window_turns_is_remembered(cloud: Settings) -> None:
    windows = DynamoRateWindows(cloud)
    windows.hit(ADDRESS, 600, LENGTH)
    events = aws.client("dynamodb", REGION).meta.events

    def slip_in(**_: Any) -> None:
        events.unregister("after-call.dynamodb.GetItem", slip_in)
        assert windows.hit(ADDRESS, 600, LENGTH) == Window(600, 2, 0)

    events.register("after-call.dynamodb.GetItem", slip_in)
    assert windows.hit(ADDRESS, 660, LENGTH) == Window(660, 1, 2)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.tuples(st.sampled_from(["hit", "forgive"]), st.sampled_from([540, 600, 660, 720])), max_size=12)
)
def test_both_count_alike(cloud: Settings, calls: list[tuple[str, int]]) -> None:
    address = str(uuid.uuid4())  # each example has its own item
    memory, dynamo = MemoryRateWindows(), DynamoRateWindows(cloud)
    for call, start in calls:
        if call == "hit":
            assert dynamo.hit(address, start, LENGTH) == memory.hit(address, start, LENGTH)
        else:
            dynamo.forgive(address, start)
            memory.forgive(address, start)
