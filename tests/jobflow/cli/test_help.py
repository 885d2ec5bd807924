"""Test the help of each command, the shell's completion, and that neither imports more than it needs."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import pytest
import typer

from infra.cloud import __main__ as platform
from jobflow.cli.app import app
from jobflow.cli.commands import cloud
from tests.jobflow.cli.conftest import Shell

HEAVY = ("httpx", "mcp", "rich", "chalicelib", "boto3", "pydantic", "asyncio", "jobflow.models")


def every(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every command with its words."""
    command = command or typer.main.get_command(app)
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from every(below, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(every())
HANDED_ON = {name for name, command in COMMANDS.items() if command.context_settings.get("help_option_names") == []}
"""Commands whose `--help` is that of the program to which they are passed."""


def test_help_of_each_command_for_a_stage_has_an_example_that_is_understood(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBFLOW_PROGRAM", "jobflow")
    for name in cloud.COMMANDS:
        with pytest.raises(SystemExit):
            platform.main([name, "--help"])
        typed = capsys.readouterr().out.partition("Example:\n  jobflow ")[2].strip()
        assert typed.split()[0] == name
        assert platform._parser().parse_args(shlex.split(typed)).carry_out


def test_help_explains_each_option_of_each_command() -> None:
    of_stages = cast("dict[str, Any]", cast("Any", platform._parser())._subparsers._group_actions[0].choices)
    silent = [
        f"{name} {one.dest}" for name, parser in of_stages.items() for one in parser._actions if not one.help
    ]  # fmt: skip
    assert silent + [f"{name} {one.name}" for name, has in COMMANDS.items() for one in has.params if not one.help] == []


def test_help_of_a_group_prints_whole_sentences(shell: Shell) -> None:
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    for group in groups:
        commands = shell(f"{group} --help").out.partition("Commands:")[2]
        assert commands
        assert "..." not in commands


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - HANDED_ON))
def test_help_of_each_command_has_an_example_and_an_option_of_one_value_is_refused_with_two(
    shell: Shell, name: str
) -> None:
    said = shell(f"{name} --help")
    assert said.code == 0
    examples = [line.strip() for line in said.out.splitlines() if line.startswith("    jobflow ")]
    assert examples
    assert all(example.startswith(f"jobflow {name}") for example in examples)
    options = {word for example in examples for word in example.split() if word.startswith("--")}
    assert all(option in said.out.partition("Example")[0] for option in options)
    takes_one = [one for one in COMMANDS[name].params if one.opts[0][0] == "-" and not (one.is_flag or one.multiple)]
    for option in (one.opts[0] for one in takes_one):
        twice = shell(f"{name} {option} x {option} y")
        assert (twice.code, f"{option} is given 2 times" in twice.err) == (2, True), option


def test_a_shell_completes_the_words_of_a_command() -> None:
    asked = {"_JOBFLOW_COMPLETE": "complete_bash", "COMP_WORDS": "jobflow jobs ", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", "from jobflow.cli import main; main()"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert {"create", "retry", "tail"} <= set(done.stdout.split())


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
sys.argv = ["jobflow", "--help"]
try:
    from jobflow.cli import main
    main()
except SystemExit:
    pass
print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
