"""Test standard streams as on other machines: with another encoding, or closed; and bytes that are not text."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.access.tokens import Role
from tests.chalicelib.api.support import World
from tests.jobflow.recipes import served

TEXT = "→ 😀 é"
PAYLOAD = json.dumps({"to": ["a@example.com"], "text": TEXT}, ensure_ascii=False)
Typed = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def typed(world: World, tmp_path: Path) -> Iterator[Typed]:
    """Run a command in a separate process, on streams with that encoding that the shell redirects."""
    with served(world, threading.Event()) as url:
        own = {"JOBFLOW_URL": url, "JOBFLOW_TOKEN": world.secrets[Role.ADMIN], "XDG_STATE_HOME": str(tmp_path)}

        def run(
            *words: str | bytes, encoding: str = "utf-8", streams: str = "", output: int = subprocess.PIPE
        ) -> "subprocess.CompletedProcess[bytes]":
            environment = {**os.environ, **own, "PYTHONIOENCODING": encoding}
            command = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "jobflow", *words]
            return subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, check=False)

        yield run


def test_json_is_whole_on_an_output_of_any_encoding_and_a_table_shows_what_it_can_hold(typed: Typed) -> None:
    made = typed("jobs", "create", "test.note", PAYLOAD, encoding="ascii")
    assert (made.returncode, made.stderr) == (0, b"")
    assert json.loads(made.stdout.decode("ascii"))["payload"]["text"] == TEXT
    shown = typed("jobs", "show", "@last", "--table", encoding="latin-1")
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert rb"\u2192 \U0001f600 " + "é".encode("latin-1") in shown.stdout


def test_a_command_whose_output_nobody_reads_ends_without_an_error(typed: Typed) -> None:
    assert typed("jobs", "create", "test.note", PAYLOAD).returncode == 0
    for words in (["jobs", "show", "@last", "--table"], ["jobs", "list", "--table"], ["jobs", "list", "--json"]):
        read, write = os.pipe()
        os.close(read)
        said = typed(*words, output=write)
        os.close(write)
        assert (said.returncode, said.stderr) == (0, b""), words


def test_a_command_acts_where_standard_output_is_closed(typed: Typed, world: World) -> None:
    made = typed("jobs", "create", "test.note", PAYLOAD, streams=">&-")
    assert (made.returncode, made.stdout, made.stderr) == (0, b"", b"")
    assert sum(world.store.totals().values()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["jobs", "cancel", "--tag", "x"], b"Confirm with --yes."),
        (["login"], b"Standard input is closed."),
    ],
)
def test_a_command_that_reads_tells_that_standard_input_is_closed(
    typed: Typed, world: World, words: list[str], told: bytes
) -> None:
    for _ in range(2):
        world.create(tags=["x"])
    url = ["--url", "http://localhost:1"] if words == ["login"] else []
    said = typed(*words, *url, streams="<&-")
    assert (said.returncode, said.stderr.count(b"\n")) == (2, 1)
    assert told in said.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["jobs", "create", "test.note", PAYLOAD, "--tag", "a", "--tag", b"\xff"],
        ["jobs", "create", "test.note", b'{"to": ["\xff"]}'],
    ],
)
def test_bytes_that_are_no_text_are_refused(typed: Typed, world: World, words: list[str | bytes]) -> None:
    said = typed(*words)
    assert (said.returncode, said.stdout, said.stderr.count(b"\n")) == (2, b"", 1)
    assert rb"\udcff" in said.stderr
    assert sum(world.store.totals().values()) == 0


def test_a_file_may_have_a_name_that_is_no_text(typed: Typed, tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff.json"
    Path(os.fsdecode(file)).write_text(PAYLOAD)
    assert typed("jobs", "create", "test.note", b"@" + file).returncode == 0
