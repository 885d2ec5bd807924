"""Check that the values of secrets are found in text, in all their forms."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest

from chalicelib.telemetry.logger import logger
from chalicelib.telemetry.redaction import forget, hide, json_without_secrets, without_secrets
from tests.support import written


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


PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("form", [quote, quote_plus, lambda text: urlencode({"k": text}), lambda text: quote(text, "")])
@pytest.mark.parametrize("case", [str, lambda text: re.sub("%..", lambda code: code[0].lower(), text)])
def test_each_form_of_a_value_in_a_url_is_replaced(form: "type[str]", case: "type[str]") -> None:
    hide("KEY", " p/q r+s&t=u\n")
    assert without_secrets(case(form("p/q r+s&t=u"))).removeprefix("k=") == "[secret KEY]"


@pytest.mark.parametrize("line", PEM.splitlines()[1:3])
def test_each_line_of_a_key_is_a_secret_and_the_lines_around_it_are_not(line: str) -> None:
    hide("KEY", json.dumps({"pem": PEM}))
    hide("OTHER", PEM)
    assert "MII" not in without_secrets(PEM)
    assert without_secrets(f"<{line}>").startswith("<[secret ")
    assert without_secrets("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_a_long_number_in_a_document_is_a_secret_and_leaves_longer_ones() -> None:
    hide("DB", json.dumps({"pin": 31415926, "ratio": 2.7182818, "port": 5432, "on": True}))
    assert without_secrets("31415926, 2.7182818, 1314159265, 5432") == "[secret DB], [secret DB], 1314159265, 5432"
    assert json_without_secrets({"a": [31415926, 2.7182818, 5432, True]}) == {"a": [*["[secret DB]"] * 2, 5432, True]}


def test_a_number_that_is_hidden_leaves_a_line_that_can_be_read() -> None:
    hide("DB", json.dumps({"pin": 31415926}))
    with written() as lines:
        logger().info("mine", extra={"pin": 31415926, "deep": {31415926: (31415926, Path("31415926"))}})
    assert lines[0]["pin"] == "[secret DB]"
    assert lines[0]["deep"] == {"[secret DB]": ["[secret DB]", "[secret DB]"]}
