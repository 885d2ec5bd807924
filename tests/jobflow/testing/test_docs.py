"""The example of docs/testing.md passes as it is printed, with the job type of the README."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from chalicelib.job_types.jobtype import registered
from jobflow.testing import Platform
from tests.infra.local.running import ROOT, copy_of_the_code
from tests.support import PYTEST


def blocks(page: str) -> dict[str, str]:
    """The Python files that a page prints, by the name in their first line."""
    found = re.findall(r"```python\n# (\S+)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return dict(found)


def test_jobs_are_tested_as_the_pages_say(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path / "code")
    enqueue = {name: text for name, text in blocks("docs/job-types/enqueue.md").items() if "order_place" in name}
    handler = {"handlers/word_count.py": blocks("README.md")["handlers/word_count.py"]}
    printed = {**enqueue, **handler, **blocks("docs/testing.md")}
    for name, text in printed.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    tests = [name for name in printed if name.startswith("tests/")]
    assert len(tests) == 2
    done = subprocess.run(
        [*PYTEST, "-p", "no:cacheprovider", *tests],
        cwd=root, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_entries_of_one_account_are_written_one_after_the_other_as_the_page_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/job-types/serial-by.md")["handlers/ledger_entry.py"], made)  # noqa: S102 - what the page prints
    try:
        platform = Platform(made["ledger_entry"])
        platform.fail("ledger.entry", TimeoutError())
        first, second, other = (
            platform.submit("ledger.entry", {"account": account, "cents": 1}) for account in ("acme", "acme", "globex")
        )
        platform.run()
        assert [job.status for job in map(platform.job, (first, second, other))] == ["retrying", "queued", "completed"]
    finally:
        registered.pop("ledger.entry", None)
