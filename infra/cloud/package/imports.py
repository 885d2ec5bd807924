"""Import every handler from the package alone: a library that only this machine has would fail in Lambda."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.cloud.errors import CloudError
from infra.cloud.package.clean import runtime_path
from infra.definition import local_environment

ENVIRONMENT = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1") | {"AWS_REGION": "us-east-1"}
NO_INSTALL = frozenset({"chalicelib", "handlers"})
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
    """Return the handlers that a template's functions name."""
    properties = (resource.get("Properties", {}) for resource in template["Resources"].values())
    return sorted({found["Handler"] for found in properties if "Handler" in found})


def check_imports(files: Path, handlers: Iterable[str], work: Path) -> None:
    """Import the handlers in a clean interpreter that sees the unpacked package and what Lambda's runtime brings.

    Compiled packages are for the functions' processor: this machine's own build stands in. Raises CloudError that names
    the handler, the library and the line to add.
    """
    native, runtime = runtime_path(work, compiled(files))
    search, named = json.dumps([native, str(files), runtime]), json.dumps(list(handlers))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROBE, search, named],
        env={"PATH": os.environ["PATH"], **ENVIRONMENT}, cwd=files, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise CloudError(f"The package cannot be tried:\n{done.stderr}")
    failed = json.loads(done.stdout.splitlines()[-1])
    if failed:
        raise CloudError("\n".join(_said(*failure) for failure in failed))


def compiled(files: Path) -> tuple[str, ...]:
    """Return the package's libraries that hold compiled code."""
    return tuple(sorted({path.relative_to(files).parts[0].split(".")[0] for path in files.rglob("*.so")} - {"pillow"}))


def _said(handler: str, error: str, missing: str | None) -> str:
    said = f"{handler} cannot be imported from the package: {error}."
    library = (missing or "").partition(".")[0]
    if not error.startswith("ModuleNotFoundError") or not library or library in NO_INSTALL:
        return said
    return (
        f"{said} For one job type: write the library that has {library} into handlers/<type>.requirements.txt, run "
        "`make lock`, and import it inside of the job function; for all types of a clone: add it to requirements.txt."
    )
