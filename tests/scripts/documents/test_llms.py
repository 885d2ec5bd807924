"""docs/llms.txt: what an assistant reads first."""

import json

import pytest

from scripts.documents import llms
from tests.infra.local.running import ROOT

DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
GUIDE = llms.guide(DOCUMENT)


def test_its_job_type_is_the_one_of_the_how_to() -> None:
    example = GUIDE.split("```python\n")[1].split("```")[0]
    compile(example, "llms.txt", "exec")
    assert "handler = consume(word_count)" in example


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
