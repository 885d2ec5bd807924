"""The variables of `make deploy` become options of the command."""

import argparse
import os
import shlex
import subprocess

import pytest

from infra.cloud.__main__ import _parser
from infra.cloud.package.build import ROOT

VARIABLES = {"NO_ROLLBACK=1": "no_rollback", "NO_SMOKE=1": "no_smoke", "NO_DASHBOARD=1": "no_dashboard"}


def deploying(*variables: str) -> argparse.Namespace:
    """What `make deploy` would run, as the command line reads it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-n", "deploy", "STAGE=prod", *variables]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.replace("\\\n", " ").splitlines() if "-m jobflow deploy" in line)
    return _parser().parse_args(shlex.split(line.partition("-m jobflow")[2]))


@pytest.mark.parametrize(("variable", "option"), VARIABLES.items())
def test_it_is_an_option(variable: str, option: str) -> None:
    assert getattr(deploying(variable), option) is True
    assert getattr(deploying(), option) is False
