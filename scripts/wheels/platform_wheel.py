"""Build the wheel of the platform: the additional code for `jobflow dev`, `test`, `package` and `deploy`.

It contains the library, the infrastructure code and the built console in one folder, which a `.pth` file adds to the
path. So `from chalicelib import job` works in a repository, in its tests and in an editor.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jobflow import __version__

ROOT = Path(__file__).parents[2]
TREE = (
    "app.py", "chalicelib", "infra", ".chalice/config.json", "requirements.txt", "requirements-dev.txt",
    "scripts/assets/landscape.jpg",
)  # fmt: skip
BUILT_IN = ("handlers/*.py", "chalicelib/entry/optional/*.py")
"""The built-in job types; a repository gets those that its jobflow.toml names."""
CONSOLE = "dashboard/dist"
NEEDS = (
    "aiohttp", "anyio", "aws-sam-translator", "awslambdaric", "boto3", "chalice", "cyclonedx-python-lib", "moto",
    "mypy", "packaging", "pip", "pytest", "python-dotenv", "pyyaml", "rich", "ruff", "sortedcontainers", "uv",
    "watchfiles",
)  # fmt: skip
"""Libraries that only the platform's commands on a developer's machine need. requirements-dev.txt pins them."""
PIN = re.compile(r"^([A-Za-z0-9._-]+(?:\[[^\]]+\])?)==(\S+)", re.MULTILINE)
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "jobflow-aws-platform"
version = "{version}"
description = "The platform of JobFlow: runs it on a laptop, packages it, deploys it."
license = "Apache-2.0"
license-files = ["LICENSE"]
requires-python = ">=3.11"
dependencies = {needs}

[tool.hatch.build.targets.wheel]
packages = ["jobflow_platform"]
ignore-vcs = true

[tool.hatch.build.targets.wheel.force-include]
"jobflow_platform.pth" = "jobflow_platform.pth"
"""


def lay_out(folder: Path) -> Path:
    """Write a project for the build to a folder; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "jobflow_platform" / "tree"
    for name in tracked():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)
    (folder / "jobflow_platform" / "types").mkdir()
    for name in (name for pattern in BUILT_IN for name in tracked(pattern)):
        if not name.endswith("__init__.py"):
            shutil.copyfile(ROOT / name, folder / "jobflow_platform" / "types" / Path(name).name)
    if (ROOT / CONSOLE).is_dir():
        shutil.copytree(ROOT / CONSOLE, tree / CONSOLE)
    (folder / "jobflow_platform" / "__init__.py").write_text('"""The platform of JobFlow, as files below `tree`."""\n')
    (folder / "jobflow_platform.pth").write_text("jobflow_platform/tree\n")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    needs = "[\n" + "".join(f'    "{need}",\n' for need in sorted(needed())) + "]"
    (folder / "pyproject.toml").write_text(PROJECT.format(version=__version__, needs=needs))
    return folder


def tracked(*names: str) -> list[str]:
    """Return the platform's files that git tracks; with `names`, only those below these paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *(names or TREE)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name]


def needed() -> Iterator[str]:
    """Return the wheel's dependencies: the client of its version, shipped libraries, and the commands' libraries."""
    yield f"jobflow-aws=={__version__}"
    shipped = dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    yield from (f"{name}=={version}" for name, version in shipped.items())
    locked = {canonicalize_name(n): v for n, v in PIN.findall((ROOT / "requirements-dev.txt").read_text())}
    for requirement in asked():
        name = canonicalize_name(requirement.name)
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        yield f"{name}{extras}=={locked[name]}"


def asked() -> Iterator[Requirement]:
    """Return the lines of requirements-dev.in that the commands need, with their extras."""
    lines = (ROOT / "requirements-dev.in").read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    chosen = [one for one in found if canonicalize_name(one.name) in NEEDS]
    missing = set(NEEDS) - {canonicalize_name(one.name) for one in chosen}
    if missing:
        raise LookupError(f"requirements-dev.in has no {', '.join(sorted(missing))}")
    return iter(chosen)
