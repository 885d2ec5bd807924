"""Run the tests that start no process at pretended moments of a day, a month and a year (`make times`).

Each test begins shortly before a border, so that it crosses it. All run at the first moment, which finds the files
whose tests read the clock; at the other moments only those run. Needs time-machine, which the development set has.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

MOMENTS: Mapping[str, str] = {
    "noon": "2026-11-26T12:00:00 UTC",
    "minute": "2026-11-26T09:14:59.9 UTC",
    "minute-after-2-s": "2026-11-26T09:14:58 UTC",
    "minute-after-8-s": "2026-11-26T09:14:52 UTC",
    "hour": "2026-11-26T09:59:59.9 UTC",
    "midnight": "2026-11-26T23:59:59.9 UTC",
    "month": "2026-11-30T23:59:59.9 UTC",
    "year": "2026-12-31T23:59:59.9 UTC",
    "leap-day": "2028-02-28T23:59:59.9 UTC",
    "leap-day-end": "2028-02-29T23:59:59.9 UTC",
    "berlin-midnight": "2026-11-26T23:59:59.9 Europe/Berlin",
    "summer-begins": "2027-03-28T01:59:59.9 Europe/Berlin",
    "summer-ends": "2026-10-25T02:59:59.9 Europe/Berlin",
    "summer-morning": "2026-06-21T01:59:59.9 Europe/Berlin",
    "far-west": "2026-11-30T13:59:59.9 Pacific/Honolulu",
}
"""Names and the moments at which each test begins. At "summer-ends" 02:59:59.9 is followed by 02:00 again."""
PARTS = ("tests/chalicelib", "tests/contract", "tests/handlers", "tests/infra/definition", "tests/infra/cloud")
"""Tests that start no process. `tests/pretended.py` cannot move the clock of another one."""
NOT_MOVED = (
    "tests/infra/cloud/template/test_sam_cli.py", "tests/infra/cloud/package/test_package.py",
    "tests/infra/definition/test_policy.py", "tests/handlers/test_a_fourth_type.py",
)  # fmt: skip
"""They start processes: packaging, AWS's own command, Node, the platform."""
NO_TESTS = 5
"""Exit code of pytest when a folder has no test to run."""
MISSING = "time-machine is not installed: run `make setup`, which installs the development set."


def main(
    arguments: Sequence[str], run: Callable[[Sequence[str]], int] = subprocess.call,
    find: Callable[[str], object] = importlib.util.find_spec,
) -> int:  # fmt: skip
    """Run the parts at each moment; return 0 when all pass, 1 when a test fails, 2 when a library is missing."""
    asked = _parser().parse_args(arguments)
    if find("time_machine") is None:
        print(MISSING)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        failed = _failing(asked.moment or list(MOMENTS), asked.parts or PARTS, Path(folder) / "readers", run)
    print(f"Tests failed at: {', '.join(failed)}." if failed else "All passed at each moment.")
    return 1 if failed else 0


def _failing(
    moments: Sequence[str], parts: Sequence[str], readers: Path, run: Callable[[Sequence[str]], int]
) -> list[str]:
    """Return the moments at which a test failed."""
    first, *others = moments
    failed = [first] if run(command(first, parts, readers)) not in (0, NO_TESTS) else []
    found = sorted(set(readers.read_text().split())) if readers.exists() else []
    if others:
        print(f"{len(found)} files have tests that read the clock", flush=True)
    again = others if found else []
    return failed + [name for name in again if run(command(name, found)) not in (0, NO_TESTS)]


def command(moment: str, parts: Sequence[str], readers: Path | None = None) -> list[str]:
    """Return the command that runs these parts at a moment, on two processors; `readers` gets those that ask for it."""
    print(f"{moment}: each test begins at {MOMENTS[moment]}", flush=True)
    without = [f"--ignore={path}" for path in NOT_MOVED]
    moved = ["-p", "tests.pretended", "--at", MOMENTS[moment]]
    noted = ["--readers", str(readers)] if readers else []
    return [
        sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "not ministack",
        *moved, *noted, *without, *parts,
    ]  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make times", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PATH", help="tests to run; without it, those that start no process"
    )
    parser.add_argument(
        "--moment", action="append", choices=MOMENTS, help="one moment only; may be given several times"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
