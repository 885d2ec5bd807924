"""Check that a page is described by its first sentence, and that values are rendered only where they are named."""

import pytest

from scripts.documents import llms
from scripts.documents.values import render


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n## A\n\nOne thing, [named](x.md). Another.", "One thing, named."),
        ("\n| a |\n|---|\n\n1. First.\n\nThen prose:", "Then prose."),
        ("\n```sh\nmake\n```", ""),
    ],
)
def test_a_page_is_told_by_its_first_sentence(text: str, sentence: str) -> None:
    assert llms.first_sentence(text) == sentence


KNOWN = {"limits.A": "90 days", "limits.B": "3"}


def test_a_value_takes_the_place_of_the_former_one() -> None:
    text = "kept for <!-- value: limits.A -->30\ndays<!-- /value -->, <!-- value: limits.B -->2<!-- /value -->, 2 a"
    assert render(text, KNOWN) == (
        "kept for <!-- value: limits.A -->90 days<!-- /value -->, <!-- value: limits.B -->3<!-- /value -->, 2 a"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<!-- value: limits.C -->1<!-- /value -->", "unknown: limits.C"),
        ("<!-- value: limits.A -->1, <!-- value: limits.B -->2<!-- /value -->", "no beginning or no end"),
    ],
)
def test_a_mark_that_cannot_be_rendered_is_an_error(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        render(text, KNOWN)
