"""Remove one safeguard at a time and see whether a test fails: `make mutations`.

Works in copies of the tree, one a core; about ten seconds of CPU a safeguard.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from scripts.safeguards import SAFEGUARDS, Safeguard, removal

ROOT = Path(__file__).parent.parent
COPIED = ("chalicelib", "handlers", "infra", "jobflow", "tests", "scripts", "docs", "app.py", "pyproject.toml")
LONGEST = 300
"""Seconds after which a run without a safeguard counts as noticed: without it the system never stopped.

A file of tests that takes more than a third of this with all safeguards in place has its limit raised to three times.
"""


class Trees:
    """Copies of the tree, each for one run at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: SimpleQueue[Path] = SimpleQueue()
        self._usual: dict[str, float] = {}
        for number in range(count):
            copy_to(folder / str(number))
            self._free.put(folder / str(number))

    def fails_untouched(self, test: str) -> str:
        """Run a file of tests with all safeguards in place; return the first test that fails, or ""."""
        tree, began = self._free.get(), time.monotonic()
        try:
            return failures(tree, (test,), 10 * LONGEST)
        finally:
            self._usual[test] = time.monotonic() - began
            self._free.put(tree)

    def noticed(self, safeguard: Safeguard) -> bool:
        """Return whether a test fails without a safeguard."""
        tree = self._free.get()
        try:
            return noticed(tree, safeguard, max(LONGEST, 3 * sum(self._usual[test] for test in safeguard.tests)))
        finally:
            self._free.put(tree)


def main() -> int:
    """Try all safeguards, or those named; return 1 when no test failed without one, or the tests fail with all."""
    asked = _arguments()
    chosen = [s for s in SAFEGUARDS if not asked.names or any(name in s.name for name in asked.names)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(asked.processes) as pool:
        trees = Trees(Path(folder), asked.processes)
        if failed := next(filter(None, pool.map(trees.fails_untouched, _tests(chosen))), ""):
            print(f"The tests fail with every safeguard in place: {failed}")
            return 1
        missed = list(pool.map(trees.noticed, chosen)).count(False)
    print(f"{len(chosen)} safeguards removed one by one, {len(chosen) - missed} noticed, {missed} not")
    return 1 if missed else 0


def noticed(tree: Path, safeguard: Safeguard, longest: float = LONGEST) -> bool:
    """Take a safeguard out of the tree, run its tests, and put it back; return whether one of them failed."""
    try:
        path = removal.path_of(tree, safeguard)
        whole = path.read_text()
        path.write_text(removal.without(whole, safeguard))
    except removal.Misplaced as error:
        raise SystemExit(str(error)) from error
    began = time.monotonic()
    try:
        failed = failures(tree, safeguard.tests, longest)
    finally:
        path.write_text(whole)
    verdict = f"noticed by {failed}" if failed else "NOT NOTICED"
    print(f"{safeguard.name}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return bool(failed)


def _tests(safeguards: Sequence[Safeguard]) -> list[str]:
    return sorted({test for safeguard in safeguards for test in safeguard.tests})


def failures(tree: Path, tests: Sequence[str], longest: float) -> str:
    """Return the first test that fails, or ""; a run of more than `longest` seconds is one that fails."""
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
        ran = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        return "a run that never ended"
    if ran.returncode == 0:
        return ""
    named = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED tests", "ERROR tests"))]
    if not named:
        raise SystemExit(f"pytest did not run: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return named[0].split(" ")[1].rpartition("::")[2]


def copy_to(tree: Path) -> None:
    """Copy what tests need."""
    tree.mkdir(parents=True)
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
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="default: one a core")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
