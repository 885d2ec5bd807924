"""Test the load command: which APIs it may load, and what it counts."""

import json
from pathlib import Path

import pytest

from scripts.load import Refused, Target, arguments, loopback, main, target

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
