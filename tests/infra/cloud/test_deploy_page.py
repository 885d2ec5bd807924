"""Each `make` command that docs/deploy.md names reaches a command that is there, with arguments that it takes."""

import argparse
import os
import re
import shlex
import subprocess

import pytest

from infra.cloud.__main__ import _parser
from infra.cloud.package.build import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()
OF_THE_CLOUD = ("deploy", "preflight", "rollback", "drift", "status", "destroy", "token", "recount", "package", "cost")
VARIABLES = {"NO_ROLLBACK=1": "--no-rollback", "NO_SMOKE=1": "--no-smoke", "NO_DASHBOARD=1": "--no-dashboard"}


def told() -> list[str]:
    """The commands of the page, from `…` and from its blocks, without their comments."""
    quoted = re.findall(r"`(make [^`]+)`", PAGE)
    lines = re.findall(r"^(make .+?)(?:\s+#.*)?$", PAGE, re.MULTILINE)
    found = {re.sub(r"\s+", " ", text).strip() for text in (*quoted, *lines)}
    return sorted(text for text in found if text.split()[1] in OF_THE_CLOUD)


def asked(command: str, *more: str) -> argparse.Namespace:
    """What `make` would run, as the command line reads it."""
    words = [*shlex.split(command), *more]
    if words[1] not in ("package", "cost") and not any(word.startswith("STAGE=") for word in words):
        words.append("STAGE=prod")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-n", *words[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.replace("\\\n", " ").splitlines() if "-m jobflow" in line)
    return _parser().parse_args(shlex.split(line.partition("-m jobflow")[2]))


@pytest.mark.parametrize("command", told())
def test_each_command_of_the_page_is_one(command: str) -> None:
    assert asked(command).run is not None


def test_the_page_names_them() -> None:
    assert len(told()) > 12
    assert {text.split()[1] for text in told()} >= {"deploy", "preflight", "rollback", "drift", "status", "destroy"}


@pytest.mark.parametrize(("variable", "option"), VARIABLES.items())
def test_each_variable_of_deploy_is_an_option(variable: str, option: str) -> None:
    assert variable in PAGE
    name = option.lstrip("-").replace("-", "_")
    assert getattr(asked("make deploy STAGE=prod", variable), name) is True
    assert getattr(asked("make deploy STAGE=prod"), name) is False
