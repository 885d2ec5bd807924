"""What a message says, and which messages are none of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import MalformedMessage
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.port import Message

BODY: dict[str, Any] = {"v": 1, "id": "job-1", "gen": 1, "type": "email.send", "cid": "c"}


@given(st.builds(Message, st.text(min_size=1), st.integers(1, 10**6), st.text(), st.text()))
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert parse_message(write_message(message)) == message


def test_what_a_later_version_adds_is_ignored_and_a_missing_correlation_is_none() -> None:
    assert parse_message(json.dumps({**BODY, "more": [1]})) == Message("job-1", 1, "email.send", "c")
    assert parse_message(json.dumps({k: v for k, v in BODY.items() if k != "cid"})).cid == ""


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[" * 100_000, "JSON"),
        ("[]", "object"),
        ("null", "object"),
        (json.dumps({**BODY, "v": 2}), "version is 2"),
        (json.dumps({k: v for k, v in BODY.items() if k != "v"}), "version is None"),
        (json.dumps({**BODY, "id": ""}), "id"),
        (json.dumps({**BODY, "type": None}), "type"),
        (json.dumps({**BODY, "cid": 7}), "cid"),
        (json.dumps({**BODY, "gen": 0}), "gen"),
        (json.dumps({**BODY, "gen": "1"}), "gen"),
        (json.dumps({**BODY, "gen": 1.0}), "gen"),
        (json.dumps({**BODY, "gen": True}), "gen"),
    ],
)
def test_what_is_no_message_says_why(body: str, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        parse_message(body)
