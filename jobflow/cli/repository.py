"""The commands for a repository of one's own: make it, run it here, test it, bring it into an AWS account."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from jobflow.cli.command import told

ANY = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
CLOUD = {
    "package": "Write build/deployment.zip, build/sam.json and build/sbom.json.",
    "status": "Print a stage's addresses, queues and active alarms: --stage NAME.",
    "recount": "Count a stage's jobs anew and compare with its counters: --stage NAME.",
    "destroy": "Remove a stage with all its data: --stage NAME.",
    "token": "Issue, list or revoke API tokens: token issue --stage NAME --role operator --label billing.",
}
"""Commands that are handed on to the platform as they are, with their help."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("new", epilog="\b\nExample:\n  jobflow new my-jobs")(new)
    app.command("add", epilog="\b\nExample:\n  jobflow add word.count")(add)
    app.command("dev", epilog="\b\nExample:\n  jobflow dev")(dev)
    app.command("test", context_settings=ANY, epilog="\b\nExample:\n  jobflow test -k hello")(test)
    app.command("check", epilog="\b\nExample:\n  jobflow check")(check)
    app.command("deploy", context_settings=ANY, epilog="\b\nExample:\n  jobflow deploy --stage prod --dry-run")(deploy)
    for name, text in CLOUD.items():
        app.command(name, help=text, context_settings=ANY, epilog=f"\b\nExample:\n  jobflow {name} --stage prod")(
            _handed_on(name)
        )


def new(folder: Annotated[Path, typer.Argument(help="The folder to make; its name is the project's.")]) -> None:
    """Make a repository with a first job type, its test and a CI workflow."""
    from jobflow.project import scaffold

    with told():
        made = scaffold.new(folder.absolute())
    for path in made:
        typer.echo(f"  {path.relative_to(folder.absolute())}")
    typer.echo(f"Next: cd {folder} && jobflow dev")


def add(name: Annotated[str, typer.Argument(metavar="TYPE", help="Its name, such as word.count.")]) -> None:
    """Write a job type and its test into this repository."""
    from jobflow.project import scaffold, tree

    with told():
        project = tree.root(Path.cwd())
        for path in scaffold.add(project, name):
            typer.echo(f"  {path.relative_to(project)}")


def dev() -> None:
    """Run the whole platform on this machine with the job types of this repository. Ctrl-C ends it."""
    from jobflow.project import tree

    with told():
        tree.command(tree.root(Path.cwd()), "infra.local", [])


def test(ctx: typer.Context) -> None:
    """Run the tests of this repository; what follows is handed to pytest."""
    raise typer.Exit(_in_project("pytest", ctx.args))


def check() -> None:
    """Check the format, the code, and the declarations of the job types."""
    for module, arguments in (
        ("ruff", ["format", "--check", "."]),
        ("ruff", ["check", "."]),
        ("infra.local.code.describe", ["jobflow-check", "http://localhost"]),
    ):
        if code := _in_project(module, arguments, quiet=module.startswith("infra")):
            raise typer.Exit(code)


def deploy(ctx: typer.Context) -> None:
    """Bring a stage up to date with this repository: --stage NAME, with its parameters from jobflow.toml."""
    from jobflow.project import tree

    with told():
        project = tree.root(Path.cwd())
        stage = _stage(ctx.args)
        given = tree.parameters(project, stage) if stage else []
        tree.command(project, "infra.cloud", ["deploy", *ctx.args, *given])


def _stage(arguments: Sequence[str]) -> str | None:
    for place, word in enumerate(arguments):
        if word == "--stage" and place + 1 < len(arguments):
            return arguments[place + 1]
        if word.startswith("--stage="):
            return word.partition("=")[2]
    return None


def _handed_on(name: str) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        from jobflow.project import tree

        with told():
            project = tree.root(Path.cwd())
            out = ["--out", str(project / "build")] if name == "package" and "--out" not in ctx.args else []
            tree.command(project, "infra.cloud", [name, *ctx.args, *out])

    return run


def _in_project(module: str, arguments: Sequence[str], *, quiet: bool = False) -> int:
    from jobflow.project import tree

    with told():
        project = tree.root(Path.cwd())
        folder = tree.assemble(project, tree.source())
        # Describing the job types asks for a region, and sends nothing there.
        given = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ}
        environment = tree.environment(project, folder, given)
        done = subprocess.run(  # noqa: S603 - a module of ours or one that the repository asks for
            [sys.executable, "-m", module, *arguments],
            check=False,
            cwd=project,
            env=environment,
            stdout=subprocess.DEVNULL if quiet else None,
        )
    return done.returncode
