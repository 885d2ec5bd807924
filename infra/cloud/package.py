"""`build/deployment.zip` and `build/sam.json`: what runs in Lambda, and the template that puts it there.

The same sources give the same bytes, on any day and in any folder.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cloud.archive import pack, unpack
from infra.cloud.errors import CloudError
from infra.cloud.imports import check_imports, handlers_of
from infra.definition.names import stack_name
from infra.definition.template import ARCHITECTURE, PLACEHOLDER_ORIGIN, Types, finish, merge_template

ROOT = Path(__file__).parents[2]
SOURCES = ("app.py", "chalicelib", "handlers", "vendor", "requirements.txt", ".chalice/config.json")
PACKAGING_REGION = "us-east-1"
"""Chalice asks for a region and for credentials before it packages; neither gets into what it makes."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a build has made."""

    archive: Path
    template: Path
    stack: str

    def read_template(self) -> dict[str, Any]:
        """The SAM template as a value."""
        template: dict[str, Any] = json.loads(self.template.read_text())
        return template


def build(
    stage: str, types: Types, root: Path = ROOT, target: Path | None = None, architecture: str = ARCHITECTURE
) -> Package:
    """Package the sources of `root` for a stage into `target` (default: `build/`). Raises CloudError."""
    target = target or root / "build"
    stack = stack_name(stage)
    work = target / "work"
    shutil.rmtree(work, ignore_errors=True)
    sources = copy_sources(root, work / "sources")
    _choose(sources / ".chalice" / "config.json", architecture)
    merged = work / "merge.json"
    merged.write_text(json.dumps(merge_template(types, stack)))
    _chalice(sources, merged, work / "chalice", stage)
    unpack(work / "chalice" / "deployment.zip", work / "files")
    compile_all(work / "files")
    template = target / "sam.json"
    made = finish(json.loads((work / "chalice" / "sam.json").read_text()), architecture)
    check_imports(work / "files", handlers_of(made), work / "runtime")
    archive = pack(work / "files", target / "deployment.zip")
    template.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(work)
    return Package(archive, template, stack)


def compile_all(files: Path) -> None:
    """Put byte code beside every module: /var/task is read-only, so each cold start would compile them again."""
    command = [sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    done = _run([*command, "-s", str(files), "-p", "/var/task", str(files)], files)
    if done.returncode:
        raise CloudError(f"A module does not compile:\n{done.stdout}{done.stderr}")


def copy_sources(root: Path, to: Path) -> Path:
    """Copy what is packaged, and nothing that this machine made of it; raises CloudError when a part is missing."""
    for name in SOURCES:
        source, copy = root / name, to / name
        if not source.exists():
            raise CloudError(f"{name} is missing in {root}; the functions cannot be packaged without it.")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, copy)
    return to


def _choose(config: Path, architecture: str) -> None:
    chosen = json.loads(config.read_text()) | {"lambda_architecture": architecture}
    config.write_text(json.dumps(chosen))


def _chalice(sources: Path, merged: Path, out: Path, stage: str) -> None:
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage, "--merge-template"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBFLOW_", "PYTHON"))},
        "AWS_DEFAULT_REGION": PACKAGING_REGION,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        # requirements.txt is complete but for boto3, which the runtime has; pip must not add it for pynamodb
        "PIP_NO_DEPS": "1",
        "CORS_ORIGIN": PLACEHOLDER_ORIGIN,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = _run([*command, str(merged), str(out)], sources, environment)
    said = done.stdout + done.stderr
    # Chalice leaves a dependency out, says this, and exits with 0
    if done.returncode or "Could not install dependencies" in said:
        raise CloudError(f"chalice package failed:\n{said}")


def _run(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
