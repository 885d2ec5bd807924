"""The check that no file of tests leaves the environment changed, seen at work in runs of pytest of their own."""

import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.support import PYTEST

ROOT = Path(__file__).parents[1]
LEAKS = {
    "in the test": """
        import os
        def test_first(): os.environ["LEFT"] = "1"
    """,
    "in a fixture that outlives it": """
        import os, pytest
        @pytest.fixture(scope="session")
        def leaks():
            os.environ["LEFT"] = "1"
            yield
            os.environ.pop("LEFT", None)
        def test_first(leaks): pass
    """,
    "taken away": """
        import os
        def test_first(): del os.environ["LEFT"]
    """,
}
CLEAN = """
    import os, pytest
    @pytest.fixture(scope="module")
    def fits():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LEFT", "1")
            yield
    def test_first(fits): assert os.environ["LEFT"] == "1"
"""
NEXT = "import os\ndef test_next(): assert os.environ.get('LEFT') == {before!r}\n"


@pytest.mark.parametrize("where", LEAKS)
def test_file_that_changes_the_environment_fails_and_the_next_one_does_not_see_it(where: str, tmp_path: Path) -> None:
    said = run(LEAKS[where], tmp_path, before="0" if where == "taken away" else None)
    assert "ERROR test_a.py::test_first - Failed: test_a.py left the environment changed: LEFT" in said
    assert "2 passed, 1 error" in said


def test_file_that_puts_it_back_passes(tmp_path: Path) -> None:
    assert "2 passed" in run(CLEAN, tmp_path, before=None)


def run(text: str, folder: Path, before: str | None) -> str:
    (folder / "test_a.py").write_text(textwrap.dedent(text))
    (folder / "test_b.py").write_text(NEXT.format(before=before))
    (folder / "conftest.py").write_text("from tests.untouched import *\n")
    done = subprocess.run(
        [*PYTEST, "-rE", "-p", "no:cacheprovider", "test_a.py", "test_b.py"],
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | ({} if before is None else {"LEFT": before}),
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr
