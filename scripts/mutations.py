"""Remove one safeguard at a time and see whether a test fails: `make mutations`.

Works in a copy of the tree; about ten seconds a safeguard.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.safeguards import SAFEGUARDS, Safeguard, removal

ROOT = Path(__file__).parent.parent
COPIED = ("chalicelib", "handlers", "infra", "jobflow", "tests", "scripts", "docs", "app.py", "pyproject.toml")
LONGEST = 300
"""Seconds after which a mutated run counts as noticed: without its safeguard the system never stopped."""


def main() -> int:
    """Try all safeguards, or those named; return 1 when no test failed without one, or the tests fail with all."""
    asked = _arguments()
    chosen = [s for s in SAFEGUARDS if not asked.names or any(name in s.name for name in asked.names)]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _copy(tree)
        if failed := _failures(tree, sorted({test for s in chosen for test in s.tests})):
            print(f"The tests fail with every safeguard in place: {failed}")
            return 1
        missed = [s for s in chosen if not noticed(tree, s)]
    print(f"{len(chosen)} safeguards removed one by one, {len(chosen) - len(missed)} noticed, {len(missed)} not")
    return 1 if missed else 0


def noticed(tree: Path, safeguard: Safeguard) -> bool:
    """Take a safeguard out of the tree, run its tests, and put it back; return whether one of them failed."""
    try:
        path = removal.path_of(tree, safeguard)
        whole = path.read_text()
        path.write_text(removal.without(whole, safeguard))
    except removal.Misplaced as error:
        raise SystemExit(str(error)) from error
    began = time.monotonic()
    try:
        failed = _failures(tree, safeguard.tests)
    finally:
        path.write_text(whole)
    verdict = f"noticed by {failed}" if failed else "NOT NOTICED"
    print(f"{safeguard.name}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return bool(failed)


def _failures(tree: Path, tests: list[str] | tuple[str, ...]) -> str:
    """Return the first test that fails, or None."""
    whole = ["--whole"] if (tree / "tests" / "whole.py").exists() else []
    # -B: byte code is found stale by the second its source was written in, and two mutations may share one.
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        *whole,
        *tests,
    ]
    try:
        ran = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return "a run that never ended"
    if ran.returncode == 0:
        return ""
    named = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED tests", "ERROR tests"))]
    if not named:
        raise SystemExit(f"pytest did not run: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return named[0].split(" ")[1].rpartition("::")[2]


def _copy(tree: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", "node_modules")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=ignored, symlinks=True)
        else:
            shutil.copy(source, tree / name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of the safeguards to try; default: all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
