"""Every dependency has its line in docs/decisions/0007, and every line a dependency."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "decisions" / "0007-dependencies.md").read_text()
DRAWN_IN = frozenset({"annotated-types", "jmespath", "pydantic-core", "typing-extensions", "typing-inspection"})
"""Pinned in requirements.txt because the others need them, and chosen by nobody."""
TOOLS = (
    "infra/local/emulator/processes/ministack.py",
    "tests/infra/cloud/template/test_checkov.py",
    "tests/infra/cloud/template/test_sam_cli.py",
    "tests/jobflow/project/test_ci_kit.py",
)
"""Files that name what gets an environment of its own."""


def said() -> set[str]:
    """The packages of the page's tables."""
    rows = re.findall(r"^\| (?!package)([^|]+) \|", PAGE, re.MULTILINE)
    return {_name(package) for row in rows for package in row.split(",")}


def used() -> set[str]:
    """What is asked for by name, wherever."""
    named = [line for name in ("requirements.txt", "requirements-dev.in") for line in lines(ROOT / name)]
    dashboard = json.loads((ROOT / "dashboard" / "package.json").read_text())
    checks = [json.loads(path.read_text()) for path in (ROOT / "scripts").glob("*/package.json")]
    makefile = re.findall(r"pip install [^\n]*?([a-z-]+)==", (ROOT / "Makefile").read_text())
    tools = [name for source in TOOLS for name in re.findall(r'"([a-z-]+)==', (ROOT / source).read_text())]
    packages = [
        *named,
        *dashboard["dependencies"],
        *dashboard["devDependencies"],
        *(name for check in checks for name in check["devDependencies"]),
        *makefile,
        *tools,
    ]
    return {_name(package) for package in packages} - DRAWN_IN


def lines(path: Path) -> list[str]:
    """The requirements in a file."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "-r"))]


def _name(requirement: str) -> str:
    return re.split(r"[\[=<]", requirement.strip())[0]


def test_every_dependency_has_a_reason_and_no_reason_is_left_over() -> None:
    assert said() == used(), "each needs a row in docs/decisions/0007-dependencies.md, with its reason"
