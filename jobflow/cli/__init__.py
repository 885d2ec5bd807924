"""The command line. Each command imports what it needs when it runs, so that `--help` stays quick.

Requests to the API are made in `client`, repositories in `project`.
"""

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code (`jobflow.cli.exits`)."""
    from jobflow.cli.app import app

    app(prog_name="jobflow")
    raise SystemExit(0)
