"""Values of secrets are found in the forms that they take in text."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from chalicelib.telemetry.redaction import forget, hide, json_without_secrets, without_secrets


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.mark.parametrize("form", [str, repr, json.dumps, lambda text: f"https://x?key={quote(text, '')}"])
def test_each_form_of_a_value_is_replaced(form: "type[str]") -> None:
    value = "a/b \"c\"\n'd' ü"
    hide("KEY", value)
    assert "[secret KEY]" in without_secrets(f"<{form(value)}>")
    assert "a/b" not in without_secrets(form(value)).replace("https://x", "")


def test_a_value_within_another_leaves_nothing_of_the_longer_one() -> None:
    hide("SHORT", "abcd")
    hide("LONG", "abcd-efgh")
    assert without_secrets("abcd-efgh abcd") == "[secret LONG] [secret SHORT]"


def test_each_text_of_a_document_is_a_secret() -> None:
    hide("DB", json.dumps({"user": "reader", "password": "p-31415", "hosts": ["db-1.internal"], "port": 5432}))
    assert without_secrets("p-31415@db-1.internal:5432") == "[secret DB]@[secret DB]:5432"


def test_what_is_too_short_to_be_one_stays() -> None:
    hide("FLAG", "on")
    assert without_secrets("it is on") == "it is on"
    assert json_without_secrets({"a": [1, None, True, "on"]}) == {"a": [1, None, True, "on"]}
