"""Import every handler from the package alone. A library that only this machine has would be missing in Lambda."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.cloud.errors import CloudError
from infra.cloud.package.clean import RUNTIME_PACKAGES, runtime_path
from infra.cloud.package.inner_imports import OURS, refusals
from infra.definition import local_environment
from infra.local import lifeline

ENVIRONMENT = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1") | {"AWS_REGION": "us-east-1"}
RUNTIME = frozenset({*RUNTIME_PACKAGES, "awslambdaric", "jmespath"})
PROBE = """\
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
failed = []
for handler in json.loads(sys.argv[2]):
    module, _, name = handler.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)
    except BaseException as error:
        failed.append([handler, f"{type(error).__name__}: {error}", getattr(error, "name", None)])
print("\\n" + json.dumps(failed))
"""


def handlers_of(template: dict[str, Any]) -> list[str]:
    """Return the handlers of a template's functions."""
    properties = (resource.get("Properties", {}) for resource in template["Resources"].values())
    return sorted({found["Handler"] for found in properties if "Handler" in found})


def check_imports(files: Path, handlers: Iterable[str], work: Path) -> None:
    """Import the handlers in a clean interpreter with only the unpacked package and Lambda's runtime libraries.

    Compiled libraries in the package are for the functions' processor, so this machine's builds are used instead.
    Raises a CloudError that names the handler, the library, and the line to add.
    """
    native, runtime = runtime_path(work, compiled(files))
    search, named = json.dumps([native, str(files), runtime]), json.dumps(list(handlers))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROBE, search, named],
        env={"PATH": os.environ["PATH"], **ENVIRONMENT}, cwd=files, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise CloudError(f"The package cannot be tested:\n{done.stderr}")
    failed = json.loads(done.stdout.splitlines()[-1])
    if failed:
        raise CloudError("\n".join(_said(*failure) for failure in failed))


def compiled(files: Path) -> tuple[str, ...]:
    """Return the package's libraries with compiled code."""
    return tuple(sorted({path.relative_to(files).parts[0].split(".")[0] for path in files.rglob("*.so")} - {"pillow"}))


def _said(handler: str, error: str, missing: str | None) -> str:
    said = f"{handler} cannot be imported from the package: "
    library = (missing or "").partition(".")[0]
    if not error.startswith("ModuleNotFoundError") or not library or library in OURS:
        return f"{said}{error}."
    return said + lifeline.missing(library, None, os.environ.get(lifeline.PROGRAM, "make"))


def check_inner_imports(root: Path, files: Path, own: Mapping[str, Path]) -> None:
    """Raise CloudError if our own code imports, also inside a function, a module that is missing in its zip.

    `own`: for each job type with its own libraries, the folder where these are unpacked, by the name of the handler
    file.
    """
    shared = _modules(files) | RUNTIME

    def ships(function: str | None, module: str) -> bool:
        folders = (own[each] for each in own if function in (None, each))
        return module in shared or any(module in _modules(folder) for folder in folders)

    if refused := refusals(root, ships):
        raise CloudError("\n".join(refused))


def _modules(folder: Path) -> frozenset[str]:
    return frozenset(path.name.split(".")[0] for path in folder.iterdir())
