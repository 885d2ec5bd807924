"""Run a clean interpreter with the same modules as a function in Lambda: the package, and the runtime's boto3."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six")
"""Packages in Lambda's Python runtime."""
NATIVE_PACKAGES = ("pydantic_core", "PIL", "cryptography", "_cffi_backend")
"""Libraries that the package contains in a build for the functions' processor. On this machine, the installed build of
the same version is used instead."""

PROBE = """\
import importlib, json, resource, sys
sys.path[:0] = json.loads(sys.argv[1])
handler = sys.argv[2]
module, _, name = handler.rpartition(".")
before = resource.getrusage(resource.RUSAGE_SELF)
found = getattr(importlib.import_module(module), name)
between = resource.getrusage(resource.RUSAGE_SELF)
exec(sys.argv[3])
after = resource.getrusage(resource.RUSAGE_SELF)
spent = [1000 * (now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime) for now in (between, after)]
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({
    "callable": callable(found), "cpu_ms": spent,
    "modules": sorted(sys.modules), "files": [name for name in files if name],
}))
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """CPU milliseconds (user and system): of a handler's import alone, and of the import with the later statements."""

    callable: bool
    modules: frozenset[str]
    files: tuple[str, ...]
    cpu_ms: float
    with_then_ms: float


def runtime_path(folder: Path, native: Iterable[str] = NATIVE_PACKAGES) -> list[str]:
    """Make two folders for `sys.path`: native replacements before the package, the runtime's packages after it.

    Raises ModuleNotFoundError for a package that this machine does not have.
    """
    for kind, names in (("native", native), ("runtime", RUNTIME_PACKAGES)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name in names:
            _link(name, folder / kind)
    return [str(folder / "native"), str(folder / "runtime")]


def import_handler(handler: str, task: Path, paths: list[str], environment: dict[str, str], then: str = "") -> Imported:
    """Import "module.name" from the unpacked package in a new interpreter, then run `then`.

    Raises CalledProcessError, with the interpreter's output on standard error.
    """
    native, runtime = paths
    search = json.dumps([native, str(task), runtime])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, search, handler, then],
        env={"PATH": os.environ["PATH"], "_HANDLER": handler, **environment},
        cwd=task,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = json.loads(done.stdout)
    return Imported(said["callable"], frozenset(said["modules"]), tuple(said["files"]), *said["cpu_ms"])


def _link(name: str, folder: Path) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    origin = Path(spec.origin)
    source = origin.parent if origin.name == "__init__.py" else origin
    target = folder / source.name
    if not target.exists():
        target.symlink_to(source)
