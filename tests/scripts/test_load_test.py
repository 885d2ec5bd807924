"""The load command: what it reads, refuses and prints."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import load_test
from scripts.benches.loading import Outcome
from scripts.load_test import Refused, Target, arguments, loopback, main, summary, target
from tests.scripts.fake_api import TOKEN, FakeApi, serving

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "http://127.9.9.9"]
)
def test_this_machine_is_loopback(url: str) -> None:
    assert loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1", "https://api.example.com", "http://localhost.example.com", "http://0.0.0.0", "http://",
        "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "127.0.0.1:8000",
    ],
)  # fmt: skip
def test_everything_else_is_not(url: str) -> None:
    assert not loopback(url)


def options(*args: str) -> argparse.Namespace:
    return arguments(args)


@pytest.fixture
def running(tmp_path: Path) -> Path:
    (tmp_path / "dev.json").write_text(json.dumps({"api": "http://127.0.0.1:8123", "token": "jf_local"}))
    return tmp_path


def test_the_running_platform_is_the_target(running: Path) -> None:
    assert target(options(), running) == Target("http://127.0.0.1:8123", "jf_local")


def test_what_is_given_goes_before(running: Path) -> None:
    asked = options("--url", "http://127.0.0.1:9/", "--token", "jf_mine")
    assert target(asked, running) == Target("http://127.0.0.1:9", "jf_mine")


def test_the_local_token_goes_nowhere_else(running: Path) -> None:
    with pytest.raises(Refused, match="Give a token"):
        target(options("--url", "http://127.0.0.1:9"), running)


def test_another_machine_is_refused_unless_one_says_so(running: Path) -> None:
    asked = ["--url", "https://api.example.com", "--token", "jf_mine"]
    with pytest.raises(Refused, match=r"https://api.example.com is not this machine"):
        target(options(*asked), running)
    allowed = target(options(*asked, "--i-know-this-is-not-loopback"), running)
    assert allowed == Target("https://api.example.com", "jf_mine")


def test_without_a_running_platform_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make dev"):
        target(options(), tmp_path)


@pytest.mark.parametrize(
    "args", [["--count", "0"], ["--count", "x"], ["--concurrency", "0"], ["--poll", "0"], ["--timeout", "nan"]]
)
def test_a_wrong_number_is_refused(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*args)
    assert args[0] in capsys.readouterr().err


def test_the_summary_has_rates_and_percentiles() -> None:
    outcome = Outcome(posts=[10.0, 20.0, 30.0, 40.0], seen=[100.0], server=[90.04], posting_seconds=2.0, seconds=4.0)
    outcome.ends.update({"completed": 1, "failed": 3})
    found = summary(outcome)
    assert (found["posts_per_second"], found["jobs_per_second"], found["posted"]) == (2.0, 0.2, 4)
    assert found["latency_ms"] == {
        "post": {"p50": 20.0, "p95": 40.0, "p99": 40.0},
        "post_to_completed_seen": {"p50": 100.0, "p95": 100.0, "p99": 100.0},
        "post_to_completed_server": {"p50": 90.0, "p95": 90.0, "p99": 90.0},
    }


def test_a_summary_of_nothing_is_no_error() -> None:
    assert summary(Outcome())["latency_ms"]["post"] == {"p50": None, "p95": None, "p99": None}


def run(api: FakeApi, *args: str) -> int:
    return main(["--url", api.url, "--token", TOKEN, "--poll", "0.01", *args])


def test_it_prints_json_and_ends_with_0_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApi()) as api:
        assert run(api, "--count", "7", "--json") == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (printed["posted"], printed["ends"], printed["failures"]) == (7, {"completed": 7}, {})


def test_it_prints_a_table_for_people_and_ends_with_1_when_jobs_fail(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApi(status="failed", refusals=[(429, {"Retry-After": "0"})])) as api:
        assert run(api, "--count", "3") == 1
    printed = capsys.readouterr().out
    for said in ("POST to completed", "p99", "jobs/s end to end", "'failed': 3", "POST 429"):
        assert said in printed


def test_an_unknown_type_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApi()) as api:
        assert run(api, "--type", "no.such") == 1
    assert "There is no job type 'no.such'; there are email.send." in capsys.readouterr().err


def test_a_server_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "--token", TOKEN]) == 1
    assert capsys.readouterr().err.strip()


def test_it_runs_as_a_file() -> None:
    found = subprocess.run(
        [sys.executable, str(Path(load_test.__file__)), "--help"], cwd="/", capture_output=True, text=True, check=True
    )
    for option in ("--url", "--count", "--poll", "--type", "--concurrency", "--i-know-this-is-not-loopback"):
        assert option in found.stdout
