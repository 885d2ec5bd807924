"""Write the table of settings that exclude each other into docs/job-types.md; `--check` only compares."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.job_types.exclusions import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "job-types.md"
MARKED = re.compile(r"(<!-- table: exclusions -->\n).*?(<!-- /table -->)", re.DOTALL)
GROUPS = {"function": "Function", "access": "AwsAccess", "changes": "Changes"}


def rendered(page: str) -> str:
    """Return the page with the code's table between its markers."""
    rows = "".join(f"| {_named(row.setting)} | {_named(row.other)} | {row.reason} |\n" for row in TABLE)
    table = f"| setting | does not go with | because |\n|---|---|---|\n{rows}"
    return MARKED.sub(lambda marks: f"{marks[1]}{table}{marks[2]}", page)


def _named(setting: str) -> str:
    group, _, field = setting.partition(".")
    return f"`{group}=`" if not field else f"`{group}={GROUPS[group]}({field}=…)`"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it; return the exit code."""
    before = PAGE.read_text()
    after = rendered(before)
    if "--check" in arguments:
        if after != before:
            print("docs/job-types.md: the table of exclusions is old: python -m scripts.documents.exclusions")
        return int(after != before)
    PAGE.write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
