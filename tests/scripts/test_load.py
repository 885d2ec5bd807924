"""The load command: whom it may put under load, and what it counts."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from scripts.load import Load, Outcome, Refused, Target, arguments, loopback, main, summary, target

TIMES = {"created_at": "2026-11-25T00:00:59.900Z", "finished_at": "2026-11-25T00:01:00.150Z"}


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8000", True), ("http://localhost:8000", True), ("http://[::1]:8000", True),
        ("http://10.0.0.1", False), ("http://localhost.example.com", False), ("http://0.0.0.0", False),
        ("http://127.0.0.1.example.com", False), ("http://127.0.0.1@example.com", False), ("127.0.0.1:8000", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_loopback(url: str, own: bool) -> None:
    assert loopback(url) is own


@pytest.fixture
def running(tmp_path: Path) -> Path:
    (tmp_path / "dev.json").write_text(json.dumps({"api": "http://127.0.0.1:8123", "token": "jf_local"}))
    return tmp_path


def test_the_running_platform_is_the_target_unless_another_is_given(running: Path) -> None:
    assert target(arguments([]), running) == Target("http://127.0.0.1:8123", "jf_local")
    asked = arguments(["--url", "http://127.0.0.1:9/", "--token", "jf_mine"])
    assert target(asked, running) == Target("http://127.0.0.1:9", "jf_mine")


def test_the_local_token_goes_nowhere_else(running: Path) -> None:
    with pytest.raises(Refused, match="Give a token"):
        target(arguments(["--url", "http://127.0.0.1:9"]), running)


def test_another_machine_is_refused_unless_one_says_so(running: Path) -> None:
    asked = ["--url", "https://api.example.com", "--token", "jf_mine"]
    with pytest.raises(Refused, match=r"https://api.example.com is not this machine"):
        target(arguments(asked), running)
    allowed = target(arguments([*asked, "--i-know-this-is-not-loopback"]), running)
    assert allowed == Target("https://api.example.com", "jf_mine")


def test_without_a_platform_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refused, match="make dev"):
        target(arguments([]), tmp_path)
    assert main(["--url", "http://127.0.0.1:9", "--token", "jf_x"]) == 1
    assert capsys.readouterr().err.strip()


def load(refusals: Sequence[httpx.Response] = (), ends: str = "completed", timeout: float = 20.0) -> Outcome:
    """Post five jobs to an API that first refuses, and whose jobs have ended at the second look."""
    left, looked = list(refusals), Counter[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        looked[request.url.path] += 1
        if request.method == "POST":
            return left.pop(0) if left else httpx.Response(201, json={"id": f"job-{looked[request.url.path]}"})
        return httpx.Response(200, json={"status": ends if looked[request.url.path] > 1 else "queued", **TIMES})

    async def run() -> Outcome:
        async with httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(answer)) as client:
            return await Load(client, {"type": "email.send", "payload": {}}, timeout).run(5, 2)

    return asyncio.run(run())


def test_every_job_is_posted_and_followed_to_its_end() -> None:
    outcome = load()
    assert (outcome.ends, outcome.failures, len(outcome.posts)) == ({"completed": 5}, {}, 5)
    assert outcome.server == [250.0] * 5
    assert summary(outcome)["latency_ms"]["post_to_completed_server"] == {"p50": 250.0, "p95": 250.0, "p99": 250.0}


def test_a_refusal_is_waited_out_as_long_as_the_server_says_and_no_longer_than_the_timeout() -> None:
    outcome = load([httpx.Response(429, headers={"Retry-After": "0.01"}), httpx.Response(503), httpx.Response(401)])
    assert (outcome.repeats, outcome.failures) == ({"POST 429": 1, "POST 503": 1}, {"POST: 401": 1})
    assert load([httpx.Response(429, headers={"Retry-After": "60"})], timeout=1.0).failures == {"POST: 429": 1}


def test_a_job_that_does_not_end_well_has_no_latency() -> None:
    outcome = load(ends="dead_letter")
    assert (outcome.ends, outcome.seen) == ({"dead_letter": 5}, [])
    assert load(ends="queued", timeout=0.1).failures == {"GET: the job did not end in time": 5}
