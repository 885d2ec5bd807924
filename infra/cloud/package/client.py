"""Ship the client with the functions, if a file of the job types imports it."""

import ast
import shutil
from importlib.util import find_spec
from pathlib import Path

from infra.cloud.package import own_code
from infra.cloud.package.shipped import CLIENT

PARTS = (
    "__init__.py", "celery", "client", "context.py", "errors.py", "models.py", "plain.py", "problems.py", "profiles.py",
    "version.py",
)  # fmt: skip
"""The parts of the package that a program needs: no command line, no assistant, no test kit."""


def asked_for(root: Path) -> bool:
    """Return whether a file in `handlers/`, or in a package that job types share, imports the client."""
    files = (path for name in ("handlers", *own_code.packages(root)) for path in (root / name).rglob("*.py"))
    return any(_imports(ast.parse(path.read_bytes(), str(path))) for path in files)


def ship(root: Path, files: Path) -> None:
    """Copy the client's modules to the unpacked package, if a job type imports it: about 110 KB, without libraries."""
    spec = find_spec(CLIENT)
    if not asked_for(root) or spec is None or spec.origin is None:
        return
    source, target = Path(spec.origin).parent, files / CLIENT
    target.mkdir()
    for name in PARTS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source / name, target / name)


def _imports(tree: ast.AST) -> bool:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return any(name.partition(".")[0] == CLIENT for name in names)
