"""The list of safeguards stays true to the code: each applies to its symbol exactly once, and its tests exist."""

import ast
from pathlib import Path

import pytest

from scripts import mutations
from scripts.safeguards import SAFEGUARDS, Safeguard, removal


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.name)
def test_each_safeguard_applies_exactly_once(safeguard: Safeguard) -> None:
    source = removal.path_of(mutations.ROOT, safeguard).read_text()
    mutated = removal.without(source, safeguard)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))
    compile(mutated, safeguard.module, "exec")
    for test in safeguard.tests:
        path, _, name = test.partition("::")
        assert f"def {name}" in (mutations.ROOT / path).read_text() if name else (mutations.ROOT / path).exists()


DOOR = """
LOWEST = 18


class Door:
    height = 2

    def open_for(self, age, hats=()):
        if age >= LOWEST:
            self.note({"age": age, "hats": 2})
            return True
        return False
"""
REFORMATTED = """
class Gate: pass
class Door:
    # a comment
    def open_for(self,
                 age, hats = ( )):
        if (age>=LOWEST):
            self.note({
                'new': 1, 'age': age, 'hats': 2,
            })
            return (True)
        return False
    height=2
LOWEST=18
"""


@pytest.mark.parametrize(
    ("symbol", "code", "without", "expected"),
    [
        ("door:Door.open_for", "age >= LOWEST", "True", "if True:"),
        ("door:LOWEST", "18", "17", "LOWEST = 17"),
        ("door:Door.height", "2", "3", "height = 3"),
        ("door:Door.open_for", "return False", "", "pass"),
        ("door:Door.open_for", "{'hats': 2}", "{}", "'age': age}"),
        (
            "door:Door.open_for",
            "if age >= LOWEST:\n    self.note({'age': age, 'hats': 2})\n    return True",
            "",
            "pass",
        ),
    ],
)
def test_a_symbol_is_found_wherever_and_however_it_is_written(
    symbol: str, code: str, without: str, expected: str
) -> None:
    for source in (DOOR, REFORMATTED):
        if code.startswith("if") and source is REFORMATTED:
            continue  # this one has an item more, which a statement has to name
        assert expected in removal.without(source, Safeguard("it", symbol, code, without))


@pytest.mark.parametrize(
    ("symbol", "code", "why"),
    [
        ("door:Door.open_for", "age >= 19", "0 times in door:Door.open_for"),
        ("door:Door", "2", "2 times in door:Door"),
        ("door:Door.shut", "age", "defines Door.shut 0 times"),
    ],
)
def test_a_safeguard_that_is_not_there_once_is_refused(symbol: str, code: str, why: str) -> None:
    with pytest.raises(removal.Misplaced, match=why):
        removal.without(DOOR, Safeguard("it", symbol, code, "True"))


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
    return Safeguard("the door", "door:open_for", "age >= 18", without, ("tests/test_door.py",))


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
        mutations.noticed(tree, Safeguard("gone", "door:open_for", "age > 99", "", ("tests/test_door.py",)))
