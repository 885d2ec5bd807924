"""Define the commands that deploy a repository to an AWS account and maintain it there.

These commands start modules of the platform.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from jobflow.cli.command import told
from jobflow.cli.commands.repository import ANY

COMMANDS = {
    "package": "Write build/deployment.zip, build/sam.json and build/sbom.json.",
    "preflight": "Say what cannot work in your account before anything changes.",
    "deploy": "Create or update a stage, with its parameters from jobflow.toml.",
    "rollback": "Bring back the deployment before the present one.",
    "drift": "Say what in a stage was changed by hand.",
    "status": "Print a stage's addresses, queues and active alarms.",
    "backup": "Back up a stage's tables, or list its backups.",
    "restore": "Bring back jobs that are missing.",
    "recount": "Count a stage's jobs anew and compare with its counters.",
    "acceptance": "Make a stage, check on it what only an account shows, tell, and destroy it.",
    "destroy": "Remove a stage with all its data.",
    "token": "Issue, list, rotate or revoke API tokens.",
    "bench": "Measure the size of the package, and the CPU of each function's cold start.",
    "cost": "Print what a million jobs and an idle month cost, or what a stage has cost.",
}
"""The commands, each with its description. All arguments are passed on unchanged, including `--help`."""
PACKAGING = ("acceptance", "deploy", "package")
"""Commands that use the settings of jobflow.toml for the functions' processor and Python version."""
PATHS = ("--out", "--record", "--token-file")
"""Options whose value is a path. The path may be relative to the user's folder, but the commands run in another
folder."""
PARAMETERS = ("acceptance", "deploy", "preflight")
"""Commands that use the stage's parameters from jobflow.toml."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    for name, text in COMMANDS.items():
        app.command(name, help=text, context_settings=ANY)(_handed_on(name))
    app.command("lock", epilog="\b\nExample:\n  jobflow lock")(lock)


def lock() -> None:
    """Pin the libraries of single job types, with hashes, in handlers/<type>.requirements.txt."""
    from jobflow.project import tree

    with told():
        tree.command(tree.root(Path.cwd()), "infra.cloud.package.own_libraries", [])


def _handed_on(name: str) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        from jobflow.project import tree

        with told():
            project = tree.root(Path.cwd())
            tree.command(project, "infra.cloud", [name, *_given(name, ctx.args, project), *_placed(ctx.args)])

    return run


def _given(name: str, typed: Sequence[str], project: Path) -> list[str]:
    """Return arguments from the repository's settings. The typed arguments come later, and override these."""
    from jobflow.project import settings, tree

    if tree.is_clone(project):
        return []
    found = settings.read(project)
    given = found.packaging() if name in PACKAGING else []
    if name == "package" and not any(word.split("=")[0] == "--out" for word in typed):
        given += ["--out", str(project / "build")]
    stage = stage_of(typed)
    return [*given, *(found.parameters(stage) if stage and name in PARAMETERS else [])]


def _placed(typed: Sequence[str]) -> list[str]:
    """Return the arguments with absolute paths."""
    words = list[str]()
    for word in typed:
        name, equals, path = word.partition("=")
        if words and words[-1] in PATHS:
            words.append(str(Path(word).absolute()))
        elif equals and name in PATHS:
            words.append(f"{name}={Path(path).absolute()}")
        else:
            words.append(word)
    return words


def stage_of(typed: Sequence[str]) -> str | None:
    """Return the stage on the command line."""
    for place, word in enumerate(typed):
        if word == "--stage" and place + 1 < len(typed):
            return typed[place + 1]
        if word.startswith("--stage="):
            return word.partition("=")[2]
    return None
