"""Create a repository, and job types in it, from the templates in this folder."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobflow.errors import ConfigurationError
from jobflow.project import pins
from jobflow.version import __version__

TEMPLATES = Path(__file__).with_name("template")
CI = Path(__file__).with_name("ci")
PIPELINE: Mapping[str, str] = {
    ".github/workflows/deploy.yml": "deploy.yml",
    ".github/deploy-role.json": "deploy-role.json",
}
"""The files for GitHub Actions, from the folder `ci`."""
TYPE = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+")
PROJECT = re.compile(r"[a-z][a-z0-9-]{0,40}")
FIRST = "hello.world"
MAY_BE_THERE = frozenset({".git", ".venv", "venv", "wheels"})
FILES: Mapping[str, str] = {
    "jobflow.toml": "jobflow.toml",
    "requirements.txt": "requirements.txt",
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".env.example": "env.example",
    ".github/workflows/ci.yml": "github/ci.yml",
    "handlers/__init__.py": "handlers/__init__.py",
}
"""The files of a new repository, each with its template. The files of the first job type are not in this list."""


def new(folder: Path) -> list[Path]:
    """Create a repository in a folder that does not exist, or contains only `MAY_BE_THERE`; return its files.

    Raises ConfigurationError.
    """
    if not PROJECT.fullmatch(folder.name):
        raise ConfigurationError(
            f"{folder.name!r} cannot be the name of a repository: use lower case "
            "letters, digits and hyphens, like my-jobs."
        )
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if there - MAY_BE_THERE:
        raise ConfigurationError(
            f"{folder} is not empty: it has {min(there - MAY_BE_THERE)}. Name a new folder: jobflow new my-jobs."
        )
    words = {"project": folder.name, "version": __version__, "pins": pins.requirements()}
    made = [_write(folder / name, template, words) for name, template in FILES.items()]
    return [*made, *add(folder, FIRST)]


def add(folder: Path, name: str) -> list[Path]:
    """Write a job type and its test; return the two files. Raises ConfigurationError."""
    if not TYPE.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot be the name of a job type: write it like word.count.")
    module = name.replace(".", "_")
    model = "".join(part.capitalize() for part in name.split("."))
    words = {"name": name, "module": module, "model": model}
    files = {f"handlers/{module}.py": "handlers/type.py", f"tests/handlers/test_{module}.py": "tests/test_type.py"}
    for file in files:
        if (folder / file).exists():
            raise ConfigurationError(f"{file} exists already.")
    made = [_write(folder / file, template, words) for file, template in files.items()]
    _sort_imports(folder, made)
    return made


def pipeline(folder: Path) -> list[Path]:
    """Write the workflow that deploys, and the template of its roles; return the files. Raises ConfigurationError."""
    for file in PIPELINE:
        if (folder / file).exists():
            raise ConfigurationError(f"{file} exists already.")
    made = [folder / file for file in PIPELINE]
    for path, source in zip(made, PIPELINE.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CI / source, path)
    return made


def _sort_imports(folder: Path, files: Sequence[Path]) -> None:
    """Sort imports, if ruff is installed, by the repository's own settings: these may be older than the templates."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--quiet",
        "--no-cache",
        "--fix",
        "--select",
        "I",
        *map(str, files),
    ]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)  # noqa: S603


def _write(path: Path, template: str, words: Mapping[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((TEMPLATES / f"{template}.tmpl").read_text().format(**words))
    return path
