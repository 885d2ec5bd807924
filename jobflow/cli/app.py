"""Assemble the commands."""

from typing import Annotated

import typer

from jobflow import __version__
from jobflow.cli.command import Whole
from jobflow.cli.commands import (
    audit,
    batches,
    bulk,
    cloud,
    dead_letters,
    erasing,
    files,
    groups,
    jobs,
    limits,
    numbers,
    places,
    repository,
    schedules,
    sessions,
    types,
    webhooks,
)

EXITS = """Exit codes: 0 done; 1 refused by the API, or by you; 2 wrong usage, or no address; 3 a job ended without
a result; 4 not found; 5 the API did not answer; 6 not finished in time; 130 stopped by Ctrl-C."""

app = typer.Typer(
    name="jobflow",
    cls=Whole,
    help="Create and steer background jobs; run, test and deploy a repository of job types.\n\n"
    "Without any setting it talks to the `jobflow dev` or `make dev` that runs here.",
    epilog=EXITS,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


repository.add_to(app)
cloud.add_to(app)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(batches.app, name="batches")
app.add_typer(bulk.app, name="bulk")
app.add_typer(groups.app, name="error-groups")
app.add_typer(types.app, name="types")
app.add_typer(limits.app, name="limits")
app.add_typer(schedules.app, name="schedules")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(sessions.app, name="sessions")
numbers.add_to(app)
audit.add_to(app)
erasing.add_to(app)
files.add_to(app)
places.add_to(app)
