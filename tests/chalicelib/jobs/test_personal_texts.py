"""Check that personal values are found in texts in all their forms, and that the search is bounded."""

import json
import tracemalloc
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


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        ("5551234567", "tel-5551234567, u_5551234567, id5551234567", f"tel-{MASK}, u_{MASK}, id{MASK}"),
        ("5551234567", "15551234567 and 55512345678", "15551234567 and 55512345678"),
        ("4711", "10-4711 and id-4711, not id4711", f"10-{MASK} and id-{MASK}, not id4711"),
        ("Bo", "Li-Bo", f"Li-{MASK}"),
    ],
)
def test_a_number_is_masked_beside_a_hyphen_and_a_long_one_beside_letters(value: str, text: str, masked: str) -> None:
    assert PersonalTexts([value]).masked(text) == masked


def test_values_that_overlap_are_masked_together() -> None:
    assert PersonalTexts(["ada love", "lovelace", "lace, sir"]).masked("to ada lovelace, sir!") == f"to {MASK}!"
    assert PersonalTexts(["ada love", "lace"]).masked("ada lovelace, x lace") == f"{MASK}, x {MASK}"


def test_values_that_are_too_long_are_not_searched() -> None:
    """A search for megabytes of values would take the memory and the time of the attempt whose failure it masks."""
    value = "a line of a file\n" * (LONGEST_SEARCHED // 10)
    tracemalloc.start()
    try:
        assert PersonalTexts([value]).masked("nothing") == MASK
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(value)
    assert PersonalTexts(["x" * LONGEST_SEARCHED]).masked("nothing") == "nothing"
