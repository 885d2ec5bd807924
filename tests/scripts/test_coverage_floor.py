"""The coverage floor of each package."""

import ast
import json
import tomllib

from scripts.coverage_floor import FLOORS, ROOT, below, package_of, shares


def summary(lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines[0], "num_statements": lines[1],
            "covered_branches": branches[0], "num_branches": branches[1],
        }
    }  # fmt: skip


MEASURED = {
    "files": {
        "chalicelib/worker/claim.py": summary((8, 10), (3, 4)),
        "chalicelib/worker/settle.py": summary((10, 10), (0, 0)),
        "chalicelib/jobs/job.py": summary((5, 10), (0, 10)),
        "chalicelib/entry/__init__.py": summary((0, 0), (0, 0)),
    }
}


def test_lines_and_branches_count_alike_by_package() -> None:
    assert shares(MEASURED) == {"chalicelib/jobs": 25.0, "chalicelib/worker": 87.5}


def test_a_package_below_its_floor_or_without_one_is_named() -> None:
    found = shares(MEASURED)
    assert below(found, {"chalicelib/jobs": 25, "chalicelib/worker": 87}) == []
    assert below(found, {"chalicelib/jobs": 26}) == [
        "chalicelib/worker has no floor: run `make coverage WRITE=1`",
        "chalicelib/jobs: 25.0 % covered, at least 26 % wanted",
    ]
    assert below(found, {**dict.fromkeys(found, 0), "chalicelib/gone": 90}) == []


def test_each_package_that_is_measured_has_a_floor() -> None:
    """As `make coverage` would find minutes later: a new package comes with its floor."""
    measured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]["source"]
    files = [path for part in measured for path in (ROOT / part).rglob("*.py")]
    with_code = {
        package_of(str(path.relative_to(ROOT)))
        for path in files
        if any(not isinstance(part, ast.Expr) for part in ast.parse(path.read_text()).body)
    }
    assert with_code == json.loads(FLOORS.read_text()).keys()
