"""Run the command line. Each command imports its dependencies when it runs, so that `--help` is fast.

The code for requests to the API is in `client`; the code for repositories is in `project`.
"""

import sys
from io import TextIOWrapper
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code (`jobflow --help` lists them)."""
    from jobflow.cli.app import app

    # A letter that the output's encoding lacks must not end a command that has already acted. Standard error replaces
    # such letters by default.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="jobflow")
    raise SystemExit(0)
