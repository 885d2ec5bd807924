"""Define the commands for your own repository: create it, run it here, test it, check it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from jobflow.cli.command import told

ANY = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""Settings of a command that passes on all arguments, including `--help`."""
DECLARED = "infra.checking"
"""A program that imports the job types as AWS does, and reports what AWS would refuse."""
FROM_HERE = ("mypy", "pytest")
"""Tools that import from the repository's folder, such as plugins. In all others, a file of the repository, such as
`infra/__init__.py` or `yaml.py`, must not hide a module of the platform or of a library."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("new", epilog="\b\nExamples:\n  jobflow new my-jobs\n  jobflow new")(new)
    app.command("add", epilog="\b\nExample:\n  jobflow add word.count")(add)
    app.command("pipeline", epilog="\b\nExample:\n  jobflow pipeline")(pipeline)
    app.command("dev", epilog="\b\nExamples:\n  jobflow dev\n  jobflow dev --fresh")(dev)
    app.command("setup", epilog="\b\nExample:\n  jobflow setup")(setup)
    app.command("test", context_settings=ANY, epilog="\b\nExample:\n  jobflow test -k hello")(test)
    app.command("check", epilog="\b\nExample:\n  jobflow check")(check)
    app.command("fix", epilog="\b\nExample:\n  jobflow fix")(fix)
    app.command("upgrade", epilog="\b\nExample:\n  jobflow upgrade --check")(upgrade)


def new(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="The folder; its name is the project's. Default: this one.")
    ] = Path(),
) -> None:
    """Create a repository with a first job type, its test and a CI workflow."""
    from jobflow.project import scaffold

    where = folder.absolute()
    with told():
        made = scaffold.new(where)
    for path in made:
        typer.echo(f"  {path.relative_to(where)}")
    go = "" if where == Path.cwd() else f"cd {folder} && "
    typer.echo(f"Next: {go}jobflow dev")
    typer.echo(f"In a second terminal: {go}jobflow jobs create {scaffold.FIRST} --example --wait")


def add(name: Annotated[str, typer.Argument(metavar="TYPE", help="Its name, such as word.count.")]) -> None:
    """Write a job type and its test into this repository."""
    from jobflow.project import scaffold, tree

    with told():
        project = tree.root(Path.cwd())
        for path in scaffold.add(project, name):
            typer.echo(f"  {path.relative_to(project)}")


def pipeline() -> None:
    """Write a GitHub workflow that deploys this repository, and the template of its AWS roles: docs/pipeline.md."""
    from jobflow.project import scaffold, tree

    with told():
        project = tree.root(Path.cwd())
        for path in scaffold.pipeline(project):
            typer.echo(f"  {path.relative_to(project)}")


def dev(
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the jobs of the last run.")] = False,
) -> None:
    """Run the whole platform on this machine with the job types of this repository. Ctrl-C ends it.

    The jobs are kept for the next run. These variables set ports and faults: API_PORT, AWS_PORT, DASHBOARD_PORT,
    JOBFLOW_FAULT_RATE (docs/develop.md).
    """
    from jobflow.project import tree

    if fresh:
        os.environ["FRESH"] = "1"
    with told():
        tree.command(tree.root(Path.cwd()), "infra.local", [])


def test(ctx: typer.Context) -> None:
    """Run the tests of this repository; further arguments are passed to pytest.

    First the job types are imported as AWS would import them, because pytest can also import packages that do not ship.
    """
    raise typer.Exit(_in_project(DECLARED, []) or _in_project("pytest", ctx.args))


def setup() -> None:
    """Install the libraries of the job types, as handlers/*.requirements.txt pins them."""
    from jobflow.errors import ConfigurationError
    from jobflow.project import libraries, tree

    with told():
        project = tree.root(Path.cwd())
        files = libraries.files(project)
        if loose := libraries.loose(files):
            raise ConfigurationError(f"{loose[0].relative_to(project)} is not pinned yet: run `jobflow lock` first.")
    if not files:
        typer.echo("No job type has libraries of its own: there is no handlers/<type>.requirements.txt.")
        return
    named = [word for path in files for word in ("-r", str(path.relative_to(project)))]
    code = _in_project("pip", ["install", "--quiet", "--disable-pip-version-check", *named])
    if code:
        raise typer.Exit(code)
    typer.echo(f"Installed: {', '.join(path.name for path in files)}")


def check() -> None:
    """Check the format, the code, its types (if pyproject.toml has [tool.mypy]), and the job types as AWS runs them.

    The findings of all tools are printed, even if the first tool already has some.
    """
    from jobflow.project import tree

    with told():
        settings = tree.root(Path.cwd()) / "pyproject.toml"
    typed = settings.exists() and "tool.mypy" in settings.read_text()
    tools = (
        ("ruff", ["format", "--check", "."]),
        ("ruff", ["check", "."]),
        *((("mypy", list[str]()),) if typed else ()),
        (DECLARED, []),
    )
    codes = [_in_project(module, arguments) for module, arguments in tools]
    if any(codes):
        raise typer.Exit(1)


def fix() -> None:
    """Format the code, repair what can be repaired, and print what is left."""
    _in_project("ruff", ["check", "--fix", "--exit-zero", "--quiet", "."])
    formatted = _in_project("ruff", ["format", "."])
    if _in_project("ruff", ["check", "."]) or formatted:
        raise typer.Exit(1)


def upgrade(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something here is touched.")
    ] = False,
) -> None:
    """List breaking changes since this repository's version, rewrite `@job`, and store and pin the new version."""
    from jobflow.project import tree, upgrading

    with told():
        project = tree.root(Path.cwd())
        found = upgrading.look(project)
        for line in found.lines():
            typer.echo(line)
        arguments = ["--check"] if only_check else []
        handlers = [str(path.relative_to(project)) for path in sorted((project / "handlers").glob("*.py"))]
        code = _in_project("jobflow.project.rewriting", [*arguments, *handlers])
        if not only_check:
            found = upgrading.look(project)  # some lines have just been rewritten
        if found.touched and not only_check:
            typer.echo(
                "Change the lines that are listed, and run `jobflow upgrade` again. The version is not stored yet."
            )
        if found.touched or code:
            raise typer.Exit(1)
        if not only_check:
            upgrading.write_version(project)
            if told_about_pins := upgrading.write_pins(project):
                typer.echo(told_about_pins)


def _in_project(module: str, arguments: Sequence[str]) -> int:
    from jobflow.project import tree

    with told():
        project = tree.root(Path.cwd())
        folder = tree.of(project)
        # The description of the job types needs a region, but no request is sent to it.
        given = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}
        environment = tree.environment(project, folder, given)
        # a clone of JobFlow contains the platform itself
        paths = [] if module in FROM_HERE or folder == project else ["-P"]
        done = subprocess.run(  # noqa: S603 - a module of ours or one that the repository asks for
            [sys.executable, *paths, "-m", module, *arguments],
            check=False,
            cwd=project,
            env=environment,
        )
    return done.returncode
