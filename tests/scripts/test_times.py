"""Tests run at pretended moments: the clock of each test is moved, and what fails is named."""

import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.times import MISSING, MOMENTS, NO_TESTS, NOT_MOVED, PARTS, main
from tests.pretended import read_moment
from tests.support import PYTEST

ROOT = Path(__file__).parents[2]


def read_in_ours() -> float:
    """Read the clock in a file of this project."""
    return time.time()


class Runner:
    """Note the commands, and end those of the failing moments with 1."""

    def __init__(self, failing: Sequence[str] = (), readers: Sequence[str] = ("tests/contract/test_a.py",)) -> None:
        self.failing = [MOMENTS[name] for name in failing]
        self.readers = readers
        self.commands: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> int:
        self.commands.append(command)
        if "--readers" in command and self.readers:
            Path(command[command.index("--readers") + 1]).write_text("\n".join((*self.readers, *self.readers)))
        return int(command[command.index("--at") + 1] in self.failing)


def test_all_parts_are_played_once_and_what_reads_the_clock_at_each_moment() -> None:
    run = Runner()
    assert main([], run) == 0
    assert [command[command.index("--at") + 1] for command in run.commands] == list(MOMENTS.values())
    first, *others = run.commands
    assert list(first[-len(PARTS) :]) == list(PARTS)
    assert {tuple(command[-2:]) for command in others} == {(f"--ignore={NOT_MOVED[-1]}", "tests/contract/test_a.py")}
    assert all((ROOT / path).exists() for path in (*PARTS, *NOT_MOVED))


def test_where_nothing_reads_the_clock_one_moment_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    run = Runner(readers=())
    assert main(["tests/contract"], run) == 0
    assert len(run.commands) == 1
    assert "0 files have tests that read the clock" in capsys.readouterr().out


def test_the_first_moment_may_be_the_one_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], Runner(["noon", "year"])) == 1
    assert "failed at: noon, year." in capsys.readouterr().out


def test_failing_moments_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tests/contract", "--moment", "hour", "--moment", "year"], Runner(["year"])) == 1
    assert "failed at: year." in capsys.readouterr().out
    assert main(["tests/contract", "--moment", "hour"], lambda _: NO_TESTS) == 0


def test_a_missing_library_is_told_and_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    run = Runner()
    assert main([], run, lambda _: None) == 2
    assert capsys.readouterr().out.strip() == MISSING
    assert run.commands == []


def test_a_moment_is_a_local_time_in_a_zone() -> None:
    before = read_moment(MOMENTS["summer-begins"])
    after = before.astimezone(UTC) + timedelta(seconds=0.2)
    assert before.isoformat() == "2027-03-28T01:59:59.900000+01:00"
    assert after.astimezone(before.tzinfo).isoformat() == "2027-03-28T03:00:00.100000+02:00"
    with pytest.raises(ValueError, match="names no time zone"):
        read_moment("2026-12-31T23:59:59.9")
    assert {read_moment(text).tzinfo is not None for text in MOMENTS.values()} == {True}


def test_each_test_and_its_fixtures_begin_at_the_moment(tmp_path: Path) -> None:
    moment = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
    (tmp_path / "test_it.py").write_text(
        "import time, pytest\n"
        "@pytest.fixture(scope='module')\n"
        "def began(): return time.time()\n"
        f"@pytest.mark.parametrize('n', [1, 2])\n"
        f"def test_now(began, n):\n"
        f"    assert 0 <= began - {moment.timestamp()} < 600\n"
        f"    assert 0 <= time.time() - {moment.timestamp()} < 600\n"
        "    assert time.tzname[0] == 'UTC'\n"
    )
    command = [*PYTEST, "-p", "tests.pretended", "--at", "2028-02-29T23:59:59 UTC"]
    done = subprocess.run(
        [*command, "-c", "/dev/null", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout


def test_files_that_read_the_clock_are_noted_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "test_library.py").write_text("import logging\ndef test_it(): logging.getLogger('x').error('x')\n")
    for name, code in (
        ("ours", "from tests.scripts.test_times import read_in_ours as read; read()"),
        ("none", "'nothing'"),
    ):
        (tmp_path / f"test_{name}.py").write_text(f"def test_it():\n    {code}\n")
    command = [*PYTEST, "-p", "tests.pretended", "--at", "2028-02-29T23:59:59 UTC"]
    subprocess.run(
        [*command, "-c", "/dev/null", "--readers", str(tmp_path / "readers"), str(tmp_path)], cwd=ROOT, check=True
    )
    assert [Path(line).name for line in (tmp_path / "readers").read_text().split()] == ["test_ours.py"]
