"""The load generator against a small server in this process."""

import asyncio
import math
from collections import Counter

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benches.loading import Load, Outcome, Plan, milliseconds, percentile, retry_after
from tests.scripts.fake_api import EXAMPLE, TOKEN, FakeApi, serving


def load(api: FakeApi, plan: Plan, token: str = TOKEN) -> tuple[Outcome, Counter[str]]:
    """Run it against the server; the outcome, and what was told."""
    told: Counter[str] = Counter()

    async def run() -> Outcome:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=api.url, headers=headers) as client:
            return await Load(plan, client, lambda what: told.update([what])).run()

    with serving(api):
        # the client has to be made for the address that the server got
        return asyncio.run(run()), told


def plan(count: int, **more: float) -> Plan:
    return Plan("email.send", EXAMPLE, count, **{"concurrency": 4, "poll": 0.01, "timeout": 20.0, **more})  # type: ignore[arg-type]


def test_every_job_is_posted_once_and_followed_to_its_end() -> None:
    api = FakeApi(looks=3)
    outcome, told = load(api, plan(25))
    assert api.bodies == [{"type": "email.send", "payload": EXAMPLE}] * 25
    assert (outcome.ends, outcome.good) == ({"completed": 25}, True)
    assert len(outcome.posts) == len(outcome.seen) == 25
    assert outcome.server == [250.0] * 25
    assert told == {"posted": 25, "ended": 25}
    assert 0 < outcome.posting_seconds <= outcome.seconds


@pytest.mark.parametrize("wait", [False, True])
def test_no_more_requests_than_asked_are_under_way_at_a_time(wait: bool) -> None:
    api = FakeApi()
    load(api, plan(40, concurrency=3, wait=wait))
    assert 1 <= api.most_at_once["POST"] <= 3
    assert 1 <= api.most_at_once["GET"] <= 3


def test_fewer_jobs_than_posters_is_no_problem() -> None:
    outcome, _ = load(FakeApi(), plan(1, concurrency=50))
    assert outcome.ends == {"completed": 1}


def test_waiting_posts_the_next_job_only_when_the_last_one_ended() -> None:
    api = FakeApi(looks=4)
    outcome, told = load(api, plan(3, concurrency=1, wait=True))
    assert (outcome.ends, api.asked["GET"], told) == ({"completed": 3}, 12, {"posted": 3, "ended": 3})


def test_a_refusal_is_waited_out_as_long_as_the_server_says() -> None:
    api = FakeApi(refusals=[(429, {"Retry-After": "0.02"})] * 5 + [(503, {})])
    outcome, _ = load(api, plan(10, concurrency=1))
    assert outcome.repeats == {"POST 429": 5, "POST 503": 1}
    assert (outcome.ends, api.asked["POST"]) == ({"completed": 10}, 16)


def test_a_refusal_that_outlasts_the_timeout_is_a_failure() -> None:
    outcome, told = load(FakeApi(refusals=[(429, {"Retry-After": "60"})]), plan(3, concurrency=1, timeout=1.0))
    assert (outcome.failures, outcome.ends) == ({"POST: 429": 1}, {"completed": 2})
    assert told == {"posted": 3, "ended": 3}
    assert not outcome.good


def test_a_refusal_for_good_is_not_repeated() -> None:
    api = FakeApi()
    outcome, _ = load(api, plan(3), token="wrong")
    assert (outcome.failures, api.asked) == ({"POST: 401": 3}, {"POST": 3})


def test_a_job_that_ends_badly_has_no_latency_and_is_not_good() -> None:
    outcome, _ = load(FakeApi(status="dead_letter"), plan(2))
    assert (outcome.ends, outcome.seen, outcome.good) == ({"dead_letter": 2}, [], False)


def test_a_job_that_never_ends_is_given_up() -> None:
    outcome, told = load(FakeApi(looks=10**9), plan(2, timeout=0.1))
    assert outcome.failures == {"GET: the job did not end in time": 2}
    assert told["ended"] == 2


def test_a_server_that_is_gone_is_counted() -> None:
    async def run() -> Outcome:
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9") as client:
            return await Load(plan(2), client, lambda _: None).run()

    outcome = asyncio.run(run())
    assert sum(outcome.failures.values()) == 2
    assert all(name.startswith("POST: ") for name in outcome.failures)


@pytest.mark.parametrize(
    ("header", "tries", "seconds"),
    [
        ("3", 9, 3.0), ("0", 0, 0.0), ("9999", 0, 60.0), (None, 0, 0.1), (None, 3, 0.8), (None, 99, 5.0),
        ("-1", 1, 0.2), ("nan", 1, 0.2), ("inf", 1, 0.2), ("Wed, 21 Oct 2026 07:28:00 GMT", 2, 0.4), ("", 0, 0.1),
    ],
)  # fmt: skip
def test_how_long_to_wait(header: str | None, tries: int, seconds: float) -> None:
    assert retry_after(header, tries) == pytest.approx(seconds)


@given(st.one_of(st.none(), st.text(), st.floats().map(str)), st.integers(0, 10**6))
def test_a_wait_is_always_bounded(header: str | None, tries: int) -> None:
    assert 0 <= retry_after(header, tries) <= 60


def test_percentiles_are_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.01, 0.5, 0.95, 0.99, 1.0)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([], 0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_enough_are_not_above_it(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= math.floor(share * len(values))


def test_the_servers_clock_is_read_to_the_millisecond() -> None:
    assert milliseconds("2026-11-25T00:00:59.900Z", "2026-11-25T00:01:00.025Z") == pytest.approx(125)
