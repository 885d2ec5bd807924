"""Check every command on the pages about an AWS account.

Make, the command's own parser, or AWS must accept it. tests/e2e/cloud/test_documented_commands.py runs the commands on
a deployed stage.
"""

import shlex

import botocore.session
import pytest
import typer
from botocore import xform_name

from jobflow.cli.app import app
from jobflow.cli.commands import cloud
from tests.infra.cloud.pages.documented import (
    expanded,
    of,
    parsed,
)

GLOBAL = {"--query", "--output", "--endpoint-url", "--region"}
OF_THE_CLI_ALONE = {
    ("cloudformation", "deploy"): {"--stack-name", "--template-file", "--capabilities", "--parameter-overrides"},
    ("cloudformation", "package"): set[str](), ("sso", "login"): set[str](), ("s3", "sync"): set[str](),
}  # fmt: skip
"""Commands that the AWS command line adds to the operations of its services."""
OF_TESTS = {"e2e"}
"""Targets whose arguments are passed to pytest."""


@pytest.mark.parametrize("command", of("make"))
def test_make_hands_on_every_word(command: str) -> None:
    lines = expanded(command)
    given = dict(word.split("=", 1) for word in shlex.split(command)[1:] if "=" in word)
    for line in lines:
        options = parsed(line)
        assert callable(options.carry_out)
        words = shlex.split(line)
        for name, value in given.items():
            flag = value == "1" and name not in ("KEEP", "MONITOR")
            parts = [f"--{name.lower().replace('_', '-')}"] if flag else value.split()
            assert all(any(part == word or part in word for word in words) for part in parts), (name, line)
    assert lines or not given or shlex.split(command)[1] in OF_TESTS


@pytest.mark.parametrize("command", of("jobflow"))
def test_the_command_line_takes_it(command: str) -> None:
    words = shlex.split(command)[1:]
    if words[0] in cloud.COMMANDS:
        parsed(words)
        return
    found = typer.main.get_command(app)
    context = found.make_context("jobflow", list(words), resilient_parsing=True)
    while (commands := getattr(found, "commands", None)) and words:
        assert words[0] in commands, command
        found, words = commands[words[0]], words[1:]
        context = found.make_context(found.name, list(words), parent=context)


@pytest.mark.parametrize("command", of("python"))
def test_the_module_takes_it(command: str) -> None:
    parsed(shlex.split(command)[3:])


@pytest.mark.parametrize("command", of("aws"))
def test_aws_knows_it(command: str) -> None:
    service, operation, *rest = shlex.split(command.replace("<", "").replace(">", ""))[1:]
    named = {word for word in rest if word.startswith("--")} - GLOBAL
    if (service, operation) in OF_THE_CLI_ALONE:
        assert named <= OF_THE_CLI_ALONE[service, operation]
        return
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, command
    shape = model.operation_model(names[operation]).input_shape
    members = {f"--{xform_name(member, '-')}" for member in (shape.members if shape else {})}
    switches = {name for name, member in (shape.members if shape else {}).items() if member.type_name == "boolean"}
    members |= {f"--no-{xform_name(name, '-')}" for name in switches}
    assert named <= members, command


@pytest.mark.parametrize("variables", ["", "NO_ROLLBACK=1 NO_SMOKE=1 NO_DASHBOARD=1"])
def test_each_is_an_option(variables: str) -> None:
    (line,) = expanded(f"make deploy STAGE=prod {variables}")
    options = parsed(line)
    assert [options.no_rollback, options.no_smoke, options.no_dashboard] == [bool(variables)] * 3
