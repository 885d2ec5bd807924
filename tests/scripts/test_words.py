"""The check of words finds what it is for, leaves the rest alone, and lets no folder get worse."""

import pytest

from scripts.words import findings, folder_of, worse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"""What it does."""', ["What it does."]),
        ('def f():\n    """Whether it is so."""', ["Whether it is so."]),
        ('class A:\n    """Whatever is given."""', []),
        ('def f():\n    """Return it.\n\n    What else is there.\n    """', []),
        ("x = 1  # mend it", ["mend"]),
        ('x = "nudges the queue"', ["nudges"]),
        ('x = "nudge"', []),
        ('LIMIT = 1\n"""How many there may be."""', ["How many there may be."]),
        ("def write_nudge(): ...", ["nudge"]),
        ("class BuryVerdict: ...", ["Bury"]),
        ("history = MAX_LANES = 1", ["LANES"]),
        ('x = "recommend a history"', []),
        ('x = f"There is no such job: {name}"', ["no such "]),
        ('"""Tell somebody of it."""', []),
        ('x = "somebody"', []),
        ('x = "cat: x: No such file or directory"', []),
    ],
)
def test_a_question_word_or_a_listed_word_is_found(text: str, found: list[str]) -> None:
    assert [words for _, words in findings("a.py", text)] == found


def test_markdown_is_searched_line_by_line() -> None:
    assert list(findings("a.md", "A `nudge`.\nIt burns down, and is mended.\n")) == [(2, "burns down"), (2, "mended")]


def test_the_api_document_is_searched_where_its_reader_looks() -> None:
    text = '{\n"somebody": 1,\n"title": "For everybody",\n"enum": ["for good"]\n}'
    assert list(findings("docs/openapi.json", text)) == [(3, "everybody")]


def test_a_folder_may_keep_what_it_has_and_get_better_but_not_worse() -> None:
    allowed = {"chalicelib/api": 2}
    assert worse({"chalicelib/api": 2}, allowed) == worse({"chalicelib/api": 1}, allowed) == []
    assert [line.partition(":")[0] for line in worse({"chalicelib/api": 3, "handlers": 1}, allowed)] == [
        "chalicelib/api",
        "handlers",
    ]


def test_files_are_counted_by_their_folder_at_most_two_deep() -> None:
    assert [folder_of(path) for path in ("app.py", "docs/a.md", "infra/local/lambdas/loop.py")] == [
        ".",
        "docs",
        "infra/local",
    ]
