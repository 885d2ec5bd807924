"""docs/llms.txt: what an assistant reads first."""

import pytest

from scripts.documents import llms


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
