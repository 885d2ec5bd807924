"""The drawing of the command line: commands in a terminal, drawn as they look, without anything from elsewhere."""

import os
import re
import subprocess

import pytest

from scripts.documents import tour
from tests.jobflow.cli.test_help import COMMANDS

ENVIRONMENT = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(tour.COLUMNS)}


def test_a_command_runs_in_a_terminal() -> None:
    printed = tour.typed("rich", ENVIRONMENT)
    assert "\x1b[" in printed
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in printed.splitlines()) > 100


def test_a_command_that_fails_is_no_part_of_it() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        tour.typed("jobflow jobs frobnicate", ENVIRONMENT)


def test_it_is_drawn_with_its_colours_and_asks_no_server_for_fonts() -> None:
    drawing = tour.drawn([("jobflow jobs list", "\x1b[31mfailed\x1b[0m <job> & more"), ("jobflow x", "y" * 300)])
    assert "jobs&#160;list" in drawing
    assert "&lt;job&gt;&#160;&amp;&#160;more" in drawing
    assert not re.search(r"https?://(?!www\.w3\.org|www\.textualize\.io)", drawing)
    assert "@font-face" not in drawing


def test_the_drawing_shows_the_commands_of_the_tour() -> None:
    drawing = tour.TARGET.read_text()
    for command in tour.TOUR:
        assert " ".join(command.split()[1:3]) in COMMANDS or command.split()[1] in COMMANDS
        assert command.split(" -")[0].replace(" ", "&#160;") in drawing
    assert len(drawing) < 100_000
