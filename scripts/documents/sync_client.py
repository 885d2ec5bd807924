"""Generate the synchronous client from the one for asyncio (for `make openapi`)."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import unasync

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "jobflow" / "client" / "_async"
TARGET = SOURCE.with_name("_sync")
NAMES = {
    "AsyncBaseTransport": "BaseTransport",
    "AsyncClient": "Client",
    "AsyncJobFlow": "JobFlow",
    "AsyncSleep": "Sleep",
    "aclose": "close",
    "asyncio": "time",
}
"""Replacements of names. unasync itself replaces others, such as AsyncIterator and __aenter__."""


def files() -> dict[Path, str]:
    """Return the modules of `_sync`, each made from its counterpart in `_async`."""
    with TemporaryDirectory() as folder:
        copy = shutil.copytree(SOURCE, Path(folder, "_async"))
        sources = sorted(copy.glob("*.py"))
        unasync.unasync_files([str(path) for path in sources], [unasync.Rule("/_async/", "/_sync/", NAMES)])
        return {TARGET / path.name: _finished(path.name, Path(folder, "_sync", path.name)) for path in sources}


def _finished(name: str, made: Path) -> str:
    """Return a module after ruff's changes: sorted imports, `yield from` for a loop that only yields, formatting."""
    header = f"# Generated from {(SOURCE / name).relative_to(ROOT)} by `make openapi`: do not edit.\n"
    fixed = _ruff(header + made.read_text(), "check", "--fix", "--unsafe-fixes", "--select", "I,UP028", "--quiet")
    return _ruff(fixed, "format")


def _ruff(code: str, *command: str) -> str:
    ruff = [str(Path(sys.executable).with_name("ruff")), *command, "--stdin-filename", str(TARGET / "client.py"), "-"]
    return subprocess.run(ruff, input=code, capture_output=True, text=True, check=True, cwd=ROOT).stdout
