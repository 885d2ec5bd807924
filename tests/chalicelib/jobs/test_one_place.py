"""What several packages keep to is written once: lists of statuses, and for how long rows are kept."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.jobs.job import Status

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "chalicelib").rglob("*.py"))


def literals(code: str) -> Iterator[list[str]]:
    """Return the statuses of each set, list, tuple or dictionary that is written out."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Set(elts=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(keys=parts):
                yield [
                    part.attr for part in parts if isinstance(part, ast.Attribute) and part.attr in Status.__members__
                ]


def listing(code: str) -> bool:
    """Return True when three statuses or more are listed; a pair is a question about one job."""
    return any(len(found) > 2 for found in literals(code))


def test_statuses_are_listed_in_the_files_that_a_new_one_touches_and_nowhere_else() -> None:
    page = (ROOT / "docs" / "develop.md").read_text()
    (row,) = re.findall(r"^\| a status \|.*$", page, re.MULTILINE)
    found = {str(path.relative_to(ROOT)) for path in FILES if listing(path.read_text())}
    assert found <= set(re.findall(r"`([^`]+)`", row))
    assert "chalicelib/jobs/job.py" in found


@pytest.mark.parametrize(
    "code", ["X = (S.QUEUED, S.FAILED, S.RETRYING)", "X = {S.QUEUED: 1, S.FAILED: 2, S.RETRYING: 3}"]
)
def test_a_list_of_statuses_is_seen(code: str) -> None:
    assert listing(code)


def test_how_long_a_row_is_kept_is_in_the_table_of_retentions() -> None:
    lines = [line for path in FILES if "adapters" in path.parts for line in path.read_text().splitlines()]
    expiries = [
        line.strip() for line in lines if re.search(r"(expires_at|gone_at|ends|kept|expires)\b.*[=(].*\+ ", line)
    ]
    assert [line for line in expiries if re.search(r"\+ (\d+ \* )?(DAY|HOUR)\b", line)] == []
    assert len([line for line in expiries if "KEEP_" in line]) >= 8, "else nothing was looked at"
