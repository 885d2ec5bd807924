"""Run the command line. Each command imports its dependencies when it runs, so that `--help` is fast.

Requests to the API are made in `client`, repositories in `project`.
"""

import sys
from io import TextIOWrapper
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code (`jobflow --help` lists them)."""
    from jobflow.cli.app import app

    # An encoding that lacks a letter must not end a command that has already acted; standard error already replaces
    # such letters.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="jobflow")
    raise SystemExit(0)
