"""No regular expression of what ships hides from the check that it is linear."""

import ast
import re

import pytest

from chalicelib.jobs.constants import ERROR_CHARACTERS_READ
from chalicelib.jobs.texts.fingerprints import generalise
from scripts.redos.patterns import javascript, unnamed


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import re\nX = re.compile('a')", []),
        ("import re\ndef f(x):\n    return re.sub('a', 'b', x)", [3]),
        ("import re\ndef f():\n    return re.compile('a')", [3]),
        ("import re\nX = [re.compile('a')]", [2]),
    ],
)
def test_a_pattern_without_a_name_is_told_by_its_line(source: str, lines: list[int]) -> None:
    assert unnamed(ast.parse(source)) == lines


def test_a_pattern_is_written_as_javascript_writes_it() -> None:
    assert javascript(re.compile("(?P<a>b)", re.IGNORECASE), whole=False) == ("(?<a>b)", "i")
    assert javascript(re.compile("a|b"), whole=True) == ("^(?:a|b)$", "")


def test_the_text_of_a_bounded_pattern_is_cut_first() -> None:
    assert generalise("'" + "x" * ERROR_CHARACTERS_READ + "' went wrong") == generalise(
        "'" + "x" * ERROR_CHARACTERS_READ + "' did not"
    )
