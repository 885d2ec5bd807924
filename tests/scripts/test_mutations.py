"""The list of safeguards stays true to the code: each is where it says, once, and its tests exist."""

from pathlib import Path

import pytest

from scripts import mutations
from scripts.safeguards import SAFEGUARDS, Safeguard


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.name)
def test_the_code_of_a_safeguard_is_where_it_says_and_only_there(safeguard: Safeguard) -> None:
    text = (mutations.ROOT / safeguard.file).read_text()
    assert text.count(safeguard.code) == 1
    compile(text.replace(safeguard.code, safeguard.without), safeguard.file, "exec")
    for test in safeguard.tests:
        path, _, name = test.partition("::")
        assert f"def {name}" in (mutations.ROOT / path).read_text() if name else (mutations.ROOT / path).exists()


def test_names_are_told_apart() -> None:
    assert len({safeguard.name for safeguard in SAFEGUARDS}) == len(SAFEGUARDS) >= 50


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A little project with one safeguard and a test of it."""
    (tmp_path / "door.py").write_text("def open_for(age):\n    return age >= 18\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_door.py").write_text(
        "from door import open_for\n\n\ndef test_a_child():\n    assert not open_for(17)\n"
    )
    return tmp_path


def safeguard(without: str) -> Safeguard:
    return Safeguard("the door", "door.py", "age >= 18", without, ("tests/test_door.py",))


def test_a_removal_that_a_test_misses_is_noticed_and_undone(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (tree / "door.py").read_text()
    assert mutations.noticed(tree, safeguard("True"))
    assert "noticed by test_a_child" in capsys.readouterr().out
    assert (tree / "door.py").read_text() == before


def test_a_removal_that_changes_nothing_is_not_noticed(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not mutations.noticed(tree, safeguard("age > 17"))
    assert "NOT NOTICED" in capsys.readouterr().out


def test_a_safeguard_that_is_not_there_is_an_error(tree: Path) -> None:
    with pytest.raises(SystemExit, match="0 times"):
        mutations.noticed(tree, Safeguard("gone", "door.py", "age > 99", "", ("tests/test_door.py",)))
