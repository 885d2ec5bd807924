"""Test the description of the code on disk, and the errors about it."""

import fcntl
from pathlib import Path

import pytest

from handlers.email_send import EXAMPLE
from infra.code import declared
from infra.code.declared import describe, run
from infra.code.describe import complaint
from infra.local.errors import BrokenCode, CannotRun
from infra.local.options import ROOT
from infra.local.state.dev_token import text_of
from infra.local.state.file import StateFile
from tests.infra.local.running import copy_of_the_code, until


def test_the_project_describes_itself_without_credentials_or_a_network() -> None:
    described = describe(ROOT, "jobflow-dev", "http://localhost:8080")

    assert {"JobsTable", "EmailSendQueue", "EmailSendDlq", "FilesBucket"} <= described.stateful.keys()
    assert described.functions["EmailSendFunction"]["Properties"]["Handler"] == "handlers.email_send.handler"
    assert described.environment["CORS_ORIGIN"] == "http://localhost:8080"
    assert described.types["email.send"] == EXAMPLE


def test_a_file_that_makes_no_function_of_its_type_is_told(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path)
    file = root / "handlers" / "email_send.py"
    file.write_text(file.read_text().replace("handler = consume(email_send)", "consume(email_send)"))

    [note] = describe(root, "s", "http://localhost:8080").notes

    assert note.startswith("handlers/email_send.py")
    assert "`handler = consume(email_send)`" in note


def test_an_error_deep_in_the_code_is_shown_with_the_projects_own_lines(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path)
    (root / "handlers" / "word_count.py").write_text("import json\n\njson.loads('{')\n")

    with pytest.raises(BrokenCode) as broken:
        describe(root, "s", "http://localhost:8080")

    first, *rest = str(broken.value).splitlines()
    assert first.startswith("json.decoder.JSONDecodeError: ")
    assert rest[-1] == "  handlers/word_count.py:3 in <module>: json.loads('{')"


def test_each_import_has_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "SECONDS", 1)
    (tmp_path / "slow.py").write_text("import time\n\ntime.sleep(1.5)\nprint(7)\n")
    assert run(tmp_path, ["slow"], {}, imports=60) == 7
    with pytest.raises(BrokenCode, match="still being imported"):
        run(tmp_path, ["slow"], {})


def test_nothing_goes_on_after_the_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "SECONDS", 2)
    (tmp_path / "forked.py").write_text(
        "import fcntl, os, time\n\nheld = open('held', 'w')\nfcntl.flock(held, fcntl.LOCK_EX)\n"
        "os.fork()\ntime.sleep(600)\n"
    )
    with pytest.raises(BrokenCode, match="still being imported"):
        run(tmp_path, ["forked"], {})

    def is_free() -> bool:
        with (tmp_path / "held").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    assert until(is_free)


def test_a_syntax_error_shows_its_line() -> None:
    try:
        compile("def f(:\n", "handlers/x.py", "exec")
    except SyntaxError as error:
        told = complaint(error, Path("/nowhere"))

    assert 'File "handlers/x.py", line 1' in told
    assert "def f(:" in told


def test_the_token_is_made_once_and_for_this_user_only(tmp_path: Path) -> None:
    token = text_of(tmp_path / "state")

    assert text_of(tmp_path / "state") == token
    assert (tmp_path / "state" / "token").stat().st_mode & 0o077 == 0


def test_the_state_file_of_another_run_stays(tmp_path: Path) -> None:
    running, refused = StateFile(tmp_path), StateFile(tmp_path)
    running.write({"api": "x"})
    refused.remove()
    assert running.path.exists()


def test_a_state_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRun, match=r"file/state cannot be made: .*JOBFLOW_STATE_DIR"):
        StateFile(tmp_path / "file" / "state")
