"""docs/lifecycle.md is drawn from the table of moves, and speaks of every state and move."""

import re

import pytest

from chalicelib.jobs.job import MOVES, NOTES, Status
from scripts.documents.lifecycle import BEGIN, TARGET, diagram, drawn

TEXT = TARGET.read_text()


def test_the_drawing_in_the_document_is_what_the_table_makes() -> None:
    assert drawn(TEXT) == TEXT, "run `make lifecycle`"


def test_the_drawing_has_exactly_the_legal_pairs() -> None:
    pairs = set(re.findall(r"^    (\w+) --> (\w+): (\w+) ", diagram(), re.MULTILINE))
    legal = {(source.value, str(move.target), move.name) for move in MOVES for source in move.source}
    assert pairs == legal


def test_every_state_has_its_line() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(Status)


def test_every_move_and_every_note_is_explained() -> None:
    explained = TEXT.partition("## The moves")[2].partition("## When something fails")[0]
    for move in (*MOVES, *NOTES):
        assert move.name.replace("_", " ") in explained, move.name


def test_a_document_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        drawn(TEXT.replace(BEGIN, ""))
