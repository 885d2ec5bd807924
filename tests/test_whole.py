"""`--whole` plays all of the tests that have a part, and `-m whole` picks them."""

import subprocess
from pathlib import Path

from tests.support import PYTEST

ROOT = Path(__file__).parents[1]


def test_a_test_that_has_a_part_is_picked_and_told_to_play_all(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_part(whole): assert whole\ndef test_always(): raise AssertionError('not picked')\n"
    )
    command = [*PYTEST, "-c", "/dev/null", "-p", "tests.whole", "--whole", "-m", "whole"]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "1 passed, 1 deselected" in done.stdout, done.stdout + done.stderr
