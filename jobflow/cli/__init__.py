"""The command line. Each command imports what it needs when it runs, so that `--help` stays quick.

Requests to the API are made in `client`, repositories in `project`.
"""

import sys
from io import TextIOWrapper
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code (`jobflow --help` lists them)."""
    from jobflow.cli.app import app

    # An encoding without a letter of a table must not end a command that has acted; standard error is so by itself.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="jobflow")
    raise SystemExit(0)
