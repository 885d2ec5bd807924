"""Test the check of addresses, and the meaning of SES's answers. tests/handlers/test_email_send.py tests sending."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.builtin.mail import EmailAddress, HeaderText, MailNotSent, check_domains, failure
from chalicelib.errors import PermanentError, RetryLater

ADDRESS: TypeAdapter[str] = TypeAdapter(EmailAddress)
HEADER: TypeAdapter[str] = TypeAdapter(HeaderText)


@pytest.mark.parametrize(
    "text",
    [
        "first.last+tag@sub.domain.example.com", "o'brien_99@xn--bcher-kva.example", "x" * 64 + "@example.com",
        "a@" + "d" * 63 + ".example",
    ],
)  # fmt: skip
def test_plain_addresses_are_taken(text: str) -> None:
    assert ADDRESS.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "ada@", "@example.com", "ada@localhost", "ada@example.com ", "ada@example.com,eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com", "Ada <ada@example.com>", "ada@eve@example.com",
        '"ada lovelace"@example.com', ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@-example.com",
        "ada@example-.com", "ada@example..com", "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@exämple.com",
        "x" * 65 + "@example.com", "a@" + "d" * 64 + ".example", "a@" + "d." * 130 + "com",
    ],
)  # fmt: skip
def test_everything_else_is_not(text: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(text)


@given(st.text())
def test_an_address_that_is_taken_can_end_no_header_and_start_no_second_address(text: str) -> None:
    for candidate in (text, f"{text}@example.com", f"ada@{text}.com"):
        try:
            taken = ADDRESS.validate_python(candidate)
        except ValidationError:
            continue
        assert taken.isascii()
        assert not re.search(r"[\s,;:<>()\[\]\"\\\x00-\x20\x7f]", taken)
        assert taken.count("@") == 1


@given(st.text())
def test_a_header_that_is_taken_is_one_line(text: str) -> None:
    try:
        taken = HEADER.validate_python(text)
    except ValidationError:
        assert any(not character.isprintable() for character in text)
    else:
        assert len(taken.splitlines()) <= 1
        assert "\x00" not in taken


def test_what_stays_refused_is_permanent_and_what_passes_spends_an_attempt() -> None:
    for code in ("MessageRejected", "BadRequestException", "AccountSuspendedException"):
        assert isinstance(failure(code, "no"), PermanentError)
    found = failure("ServiceUnavailable", "later")
    assert isinstance(found, MailNotSent), "it may be out: docs/delivery.md"
    assert not isinstance(found, RetryLater)
    assert str(found) == "SES answered ServiceUnavailable: later"


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("TooManyRequestsException", 10, 60), ("ThrottlingException", 10, 60), ("Throttling", 10, 60),
        ("LimitExceededException", 1800, 3600), ("SendingPausedException", 600, 1200),
    ],
)  # fmt: skip
def test_a_healthy_mail_that_ses_has_no_room_for_comes_again_without_losing_an_attempt(
    code: str, first: float, last: float
) -> None:
    found = failure(code, "later")
    assert isinstance(found, RetryLater)
    assert first <= found.seconds <= last
    assert str(found) == f"SES answered {code}: later"


def test_addresses_are_taken_out_of_what_ses_says() -> None:
    said = "Email address is not verified. The following identities failed the check: Ada <ada@example.com>, bob@b.co"
    assert str(failure("MessageRejected", said)) == (
        "SES answered MessageRejected: Email address is not verified. "
        "The following identities failed the check: Ada <<address>>, <address>"
    )


def test_a_subject_cannot_turn_its_direction() -> None:
    for character in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        with pytest.raises(ValidationError, match="direction overrides"):
            HEADER.validate_python(f"invoice{chr(character)}fdp.exe")


def test_mail_goes_to_allowed_domains_only_and_the_refusal_names_no_address() -> None:
    check_domains(["ada@example.com", "ada@Example.ORG"], ["example.com", "example.org"])
    check_domains(["ada@anywhere.example"], [])
    for address in ("ada@sub.example.com", "ada@example.com.evil.example"):
        with pytest.raises(PermanentError, match=r"does not send mail to \S+ \(MailDomains\)") as refused:
            check_domains(["ada@example.com", address], ["example.com"])
        assert "ada" not in str(refused.value)
