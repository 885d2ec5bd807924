"""Which requests mean one job, and what a type may declare about it."""

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.single import Debounce, Unique, unique_of, unique_row
from tests.chalicelib.api.support import Note


def test_the_named_fields_decide_and_without_names_all_do() -> None:
    one, all_of_it = Unique(60, ("to",)), Unique(60)
    first, second = {"to": ["a"], "text": "x"}, {"text": "y", "to": ["a"]}
    assert unique_row(one, "a.b", first) == unique_row(one, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) != unique_row(all_of_it, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) == unique_row(all_of_it, "a.b", {"text": "x", "to": ["a"]})
    assert unique_row(one, "a.b", first) != unique_row(one, "a.c", first)
    assert unique_row(one, "a.b", first) != unique_row(one, "a.b", {"to": ["b"]})
    # a text is not the number that looks like it
    assert unique_row(one, "a.b", {"to": "1"}) != unique_row(one, "a.b", {"to": 1})


def test_a_debounce_key_belongs_to_its_token_and_type() -> None:
    key = Debounce("doc-1", 5)
    rows = {key.row("p", "a.b"), key.row("q", "a.b"), key.row("p", "a.c"), Debounce("doc-2", 5).row("p", "a.b")}
    assert len(rows) == 4
    assert Debounce("doc-1", 9).row("p", "a.b") == key.row("p", "a.b")


def test_what_is_declared() -> None:
    assert unique_of("a.b", None, (), Note) is None
    assert unique_of("a.b", 60, "to", Note) == Unique(60, ("to",))
    assert unique_of("a.b", 60, ["to", "text"], Note) == Unique(60, ("to", "text"))


@pytest.mark.parametrize(
    ("seconds", "by", "words"),
    [
        (None, ("to",), "unique_by needs unique_for"),
        (0, (), "unique_for must be between 1 and 2592000 seconds"),
        (3e6, (), "unique_for must be between"),
        (60, ("to", "order"), "unique_by names order, which the payload does not have"),
    ],
)
def test_what_cannot_be_declared(seconds: float | None, by: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        unique_of("a.b", seconds, by, Note)
