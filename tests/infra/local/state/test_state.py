"""Test what a run stores: a state file in a folder outside of the project, and the secrets of `.env`."""

import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
import pytest
from chalice.cli.filewatch.stat import StatFileWatcher
from chalice.utils import OSUtils

from infra.local.emulator.processes.child import Emulator
from infra.local.errors import CannotRun
from infra.local.lambdas.clients import session
from infra.local.state import dotenv
from infra.local.state.file import StateFile
from infra.local.state.folder import OF_A_PROJECT, hold, make


@contextmanager
def interrupted_after(lines: int) -> Iterator[list[int]]:
    """Interrupt the block after so many lines of Python; the list has the line, or nothing if it came to its end."""
    at: list[int] = []

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if event in {"line", "return"} and frame.f_globals["__name__"].startswith("infra.local.state") and not at:
            lines -= 1
            if lines < 0:
                at.append(frame.f_lineno)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield at
    except KeyboardInterrupt:
        assert at
    finally:
        sys.settrace(before)


def test_a_second_run_is_refused_and_leaves_the_file_of_the_first(tmp_path: Path) -> None:
    first = StateFile(tmp_path)
    first.claim()
    first.write({"api": "here"})

    with pytest.raises(CannotRun, match="JOBFLOW_STATE_DIR"):
        StateFile(tmp_path).claim()

    assert json.loads(first.path.read_text()) == {"api": "here"}
    first.remove()


def test_an_interrupt_at_any_line_of_a_write_leaves_no_file_behind(tmp_path: Path) -> None:
    """Each run ends at one line more, until one is written to its end."""
    lines = 0
    while True:
        lines += 1
        state = StateFile(tmp_path)
        state.claim()
        state.write({"api": "before"})
        with interrupted_after(lines) as at:
            state.write({"api": "here"})
        state.remove()
        assert not state.path.exists(), f"interrupted after {lines} lines"
        if not at:
            break
    assert lines > 4


def test_a_folder_that_cannot_be_locked_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()  # no lock, as on a file system without locks
    with pytest.raises(CannotRun, match=r"cannot be locked \(Is a directory\).*JOBFLOW_STATE_DIR"):
        StateFile(tmp_path).claim()


def test_a_removed_folder_is_made_again(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    state.write({"api": "here"})
    shutil.rmtree(tmp_path / "state")

    state.write({"api": "here"})

    assert json.loads(state.path.read_text()) == {"api": "here"}


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    first = hold(tmp_path / "moto")
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(hold, tmp_path / "moto")
        with pytest.raises(TimeoutError):
            second.result(0.05)
        first.close()
        second.result(20).close()


def restarts(project: Path, changed: Path) -> bool:
    """Return whether chalice's watcher requests a restart when this file, new or known, is written."""
    asked: list[bool] = []
    watcher = StatFileWatcher(OSUtils())
    watcher._seed_mtime_cache(str(project))
    changed.write_text("{}")
    watcher._single_pass_poll(str(project), lambda: asked.append(True))
    return bool(asked)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("")
    return folder


def test_chalice_does_not_start_anew_for_what_is_kept_there(project: Path, tmp_path: Path) -> None:
    folder = project / OF_A_PROJECT
    make(folder, {"HOME": str(tmp_path / "home")})
    assert not restarts(project, folder / "dev.json")
    assert (folder / "dev.json").resolve().is_relative_to(tmp_path / "home" / ".local" / "state" / "jobflow")
    assert restarts(project, project / "app2.py"), "the watcher would notice"


def test_each_checkout_has_a_folder_of_its_own_and_finds_it_again(project: Path, tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path / "state")}
    other = tmp_path / "other" / "project"
    other.mkdir(parents=True)
    for each in (project, other):
        make(each / OF_A_PROJECT, home)
        (each / OF_A_PROJECT / "token").write_text(str(each))
    (project / OF_A_PROJECT).unlink()
    make(project / OF_A_PROJECT, home)
    assert (project / OF_A_PROJECT / "token").read_text() == str(project)


def test_a_link_to_what_was_removed_leads_somewhere_again(project: Path, tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path / "state")}
    make(project / OF_A_PROJECT, home)
    (project / OF_A_PROJECT).resolve().rmdir()
    make(project / OF_A_PROJECT, home)
    assert (project / OF_A_PROJECT).is_dir()


def test_without_a_home_to_write_to_it_is_in_the_project(project: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    make(project / OF_A_PROJECT, {"HOME": str(tmp_path / "home")})
    assert (project / OF_A_PROJECT).is_dir()
    assert not (project / OF_A_PROJECT).is_symlink()


TEXT = r"""
# secrets of my job types
BILLING_KEY=k-1=2 # a comment
export QUOTED="with spaces # and this"
JSON='{"it\'s": "${HOME}"}'
EMPTY=
"""


def test_lines_are_names_and_values(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT)
    values = {
        "BILLING_KEY": "k-1=2", "QUOTED": "with spaces # and this", "JSON": '{"it\'s": "${HOME}"}', "EMPTY": "",
    }  # fmt: skip
    assert dotenv.read(tmp_path / ".env") == (values, [])
    assert dotenv.read(tmp_path / "nothing") == ({}, [])


UNREAD = """\

A='{"s3cret": "it's"}'
GOOD=1

B="s3cret
C=2
D="s3cret"
s3cret
E=2
"""


def test_each_line_that_is_not_read_is_named_without_its_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(UNREAD)
    values, notes = dotenv.read(tmp_path / ".env")
    assert values == {"GOOD": "1", "E": "2"}
    assert [note.partition(" not read.")[0] for note in notes] == [
        ".env: line 2 is", ".env: lines 5 to 7 are", ".env: line 8 is",
    ]  # fmt: skip
    assert "s3cret" not in "".join(notes)


@pytest.fixture(scope="module")
def clients() -> Iterator[boto3.Session]:
    with Emulator.start() as running:
        yield session(running.environment())


def test_each_is_stored_where_its_function_reads_it_and_again_after_an_edit(clients: boto3.Session) -> None:
    declared = {"order.copy": {"KEY": "{stage}/key", "URL": "ssm:/billing/url"}}
    for key in ("one", "two"):
        assert dotenv.fill(declared, {"KEY": key, "URL": f"{key}.example"}, clients) == []
        assert clients.client("secretsmanager").get_secret_value(SecretId="dev/key")["SecretString"] == key
        found = clients.client("ssm").get_parameter(Name="/billing/url", WithDecryption=True)["Parameter"]
        assert found["Value"] == f"{key}.example"


def test_what_is_missing_is_said_in_a_line(clients: boto3.Session) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:1:secret:x-a1b2c3"
    declared = {"order.copy": {"KEY": "k", "ARN": arn, "LOST": "l"}}
    lines = dotenv.fill(declared, {"ARN": "x", "OPEN": "1\nLOST="}, clients)
    assert [line.partition(": jobs")[0] for line in lines] == [
        "order.copy: KEY is not in .env", "order.copy: ARN is an ARN, which no emulator has",
        "order.copy: LOST is in the value of OPEN in .env: a quote is missing.",
    ]  # fmt: skip
