"""Check that personal values are found in texts in all their forms, and that the search is bounded."""

import json
from urllib.parse import quote

import pytest

from chalicelib.jobs.constants import LONGEST_SEARCHED, MOST_PERSONAL
from chalicelib.jobs.texts.personal_texts import MASK, PersonalTexts, texts_in


@pytest.mark.parametrize("value", ["Ada@Example.com", 'O"Neil\\ Zoë', "first line of it\nsecond line", " padded text "])
@pytest.mark.parametrize("form", [str, repr, json.dumps, lambda text: quote(text, safe=""), str.lower, str.upper])
def test_each_form_of_a_value_is_masked(value: str, form: "type[str]") -> None:
    assert PersonalTexts([value]).masked(f"<{form(value)}>").strip("<>'\"").strip() == MASK


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        ("Bo", "Bo is no Bob: 'Bo'", f"{MASK} is no Bob: '{MASK}'"),
        ("42", "line 142, age=42, 42.5", f"line 142, age={MASK}, {MASK}.5"),
        ("4.25", "4.25 or 14.25", f"{MASK} or 14.25"),
        ("-7", "at -7", f"at {MASK}"),
        ("", "nothing", "nothing"),
    ],
)
def test_short_texts_and_numbers_are_masked_as_words(value: str, text: str, masked: str) -> None:
    assert PersonalTexts(set(texts_in(value))).masked(text) == masked


def test_an_input_that_pydantic_has_shortened_is_masked() -> None:
    value = "a" * 40 + "b" * 40
    text = f"Input should be valid [type=x, input_value='{'a' * 25}...{'b' * 24}', input_type=str]"
    assert "aaa" not in PersonalTexts([value]).masked(text)


def test_the_longer_value_is_masked_first() -> None:
    assert PersonalTexts(["ada", "ada lovelace", "adalovelace"]).masked("ada lovelace, ada") == f"{MASK}, {MASK}"


def test_with_too_many_values_no_text_is_shown() -> None:
    values = [f"person-{number}@example.com" for number in range(MOST_PERSONAL + 1)]
    assert PersonalTexts(values).masked("anything") == MASK
    assert values[7] not in PersonalTexts(values[1:]).masked(f"to {values[7]}")


def test_the_middle_of_a_very_long_text_is_left_out() -> None:
    text = "x" * 10 * LONGEST_SEARCHED + "ada@example.com"
    masked = PersonalTexts(["ada@example.com"]).masked(text)
    assert len(masked) <= LONGEST_SEARCHED + 1
    assert masked.endswith(MASK)


def test_values_of_all_kinds_are_texts() -> None:
    value = {"name": ["Ada", 36, 1.5, True, None, ""], "x": {"y": "z"}}
    assert set(texts_in(value)) == {"name", "Ada", "36", "1.5", "x", "y", "z"}
    assert PersonalTexts(["36", "Ada"]).masked_json({"Ada": [36, "Ada", True, 360]}) == {MASK: [MASK, MASK, True, 360]}
