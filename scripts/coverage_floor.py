"""Hold each package to the branch coverage it has: no new package comes untested (`make coverage`).

Reads what `coverage json` wrote and compares it, package by package, with `docs/coverage.json`. `--write` sets the
floors to what is there now, a percentage point below, since chance in the tests moves some branches.
"""

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FLOORS = ROOT / "docs" / "coverage.json"
MEASURED = ROOT / "build" / "coverage.json"
SLACK = 1


def package_of(path: str) -> str:
    """Return the package a file belongs to: "chalicelib/worker/claim.py" is in "chalicelib/worker"."""
    return str(Path(path).parent.as_posix())


def shares(measured: Mapping[str, Any]) -> dict[str, float]:
    """Return the covered share of lines and branches, in per cent, by package."""
    covered: dict[str, int] = defaultdict(int)
    every: dict[str, int] = defaultdict(int)
    for path, found in measured["files"].items():
        summary = found["summary"]
        covered[package_of(path)] += summary["covered_lines"] + summary["covered_branches"]
        every[package_of(path)] += summary["num_statements"] + summary["num_branches"]
    return {package: 100 * covered[package] / every[package] for package in sorted(every) if every[package]}


def below(found: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Return a sentence for each package that is below its floor, or has none."""
    missing = [f"{package} has no floor: run `make coverage WRITE=1`" for package in sorted(found.keys() - floors)]
    low = [
        f"{package}: {found[package]:.1f} % covered, at least {floor} % wanted"
        for package, floor in sorted(floors.items())
        if package in found and found[package] < floor
    ]
    return [*missing, *low]


def main() -> int:
    """Compare, or write the floors; return 1 when a package is below its floor."""
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__)
    parser.add_argument("--write", action="store_true", help="set the floors to what is measured now")
    found = shares(json.loads(MEASURED.read_text()))
    if parser.parse_args().write:
        floors = {package: max(0, math.floor(share) - SLACK) for package, share in found.items()}
        FLOORS.write_text(json.dumps(floors, indent=2) + "\n")
        print(f"wrote {len(floors)} floors into {FLOORS.relative_to(ROOT)}")
        return 0
    wrong = below(found, json.loads(FLOORS.read_text()))
    print("\n".join(wrong) or f"{len(found)} packages are at or above their floor")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
