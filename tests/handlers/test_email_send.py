"""email.send against an in-process SES."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.builtin import mail
from chalicelib.errors import InvalidPayload
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Status
from chalicelib.jobs.run_identity import run_name
from tests.handlers.support import SENDER, Platform, settings

PLAIN = {"to": ["ada@example.com"], "subject": "Hello", "text": "Hi."}


def mailbox() -> list[Any]:
    sent: list[Any] = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    return sent


@pytest.fixture
def requests(platform: Platform) -> Iterator[list[dict[str, Any]]]:
    """The SES requests as they leave the client: moto keeps neither headers nor tags."""
    seen: list[dict[str, Any]] = []
    client = aws.client("sesv2", "us-east-1", read_timeout=10, tries=1)

    def record(params: dict[str, Any], **_: Any) -> None:
        seen.append(json.loads(params["body"]))

    client.meta.events.register("before-call.sesv2.SendEmail", record, unique_id="recorder")
    yield seen
    client.meta.events.unregister("before-call.sesv2.SendEmail", unique_id="recorder")


def test_it_reaches_every_recipient_and_tells_the_message_id(platform: Platform) -> None:
    payload = {**PLAIN, "cc": ["grace@example.com"], "bcc": ["x@example.com", "y@example.com"]}
    job = platform.perform("email.send", payload)
    assert job.status == Status.COMPLETED
    [message] = mailbox()
    assert job.result == {"message_id": message.id, "recipients": 4}
    assert (message.source, message.subject, message.body) == (SENDER, "Hello", "Hi.")
    assert message.destinations == {
        "ToAddresses": ["ada@example.com"],
        "CcAddresses": ["grace@example.com"],
        "BccAddresses": ["x@example.com", "y@example.com"],
    }


def test_the_example_of_the_schema_is_sent_as_it_is(platform: Platform) -> None:
    assert platform.perform("email.send", jobtype.get("email.send").example).status == Status.COMPLETED
    assert len(mailbox()) == 1


def test_text_html_reply_to_and_the_idempotency_key_are_in_the_request(
    platform: Platform, requests: list[dict[str, Any]]
) -> None:
    job = platform.perform("email.send", {**PLAIN, "html": "<p>Hi.</p>", "reply_to": ["help@example.com"]})
    [request] = requests
    simple = request["Content"]["Simple"]
    assert simple["Body"] == {
        "Text": {"Data": "Hi.", "Charset": "UTF-8"},
        "Html": {"Data": "<p>Hi.</p>", "Charset": "UTF-8"},
    }
    assert simple["Headers"] == [{"Name": "X-Idempotency-Key", "Value": run_name(job)}]
    assert request["EmailTags"] == [{"Name": "idempotency-key", "Value": run_name(job).replace(":", "_")}]
    assert request["ReplyToAddresses"] == ["help@example.com"]


def test_a_domain_that_the_stage_does_not_send_to_fails_the_job_before_ses_is_asked(platform: Platform) -> None:
    parts.replace(settings=settings(MAIL_DOMAINS="elsewhere.example"))
    job = platform.perform("email.send", PLAIN)
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert "(MailDomains)" in (job.error_message or "")
    assert mailbox() == []


def test_a_sender_that_ses_does_not_know_fails_at_once_and_names_no_address(platform: Platform) -> None:
    parts.replace(settings=settings(MAIL_FROM="stranger@example.org"))
    job = platform.perform("email.send", PLAIN)
    assert (job.status, job.attempts, job.error_class) == (Status.FAILED, 1, "PermanentError")
    assert job.error_message == "SES answered MessageRejected: Email address not verified <address>"
    stack = platform.store.view(job.id).attempts[0].stack or ""
    assert "stranger@example.org" not in stack


def test_addresses_are_never_logged(platform: Platform, logged: Callable[[], str]) -> None:
    platform.perform("email.send", PLAIN)
    parts.replace(settings=settings(MAIL_FROM="stranger@example.org"))
    platform.perform("email.send", PLAIN)
    assert "email.sent" in logged()
    assert "@" not in logged()


ONE_LINE = "must be one line without control characters or direction overrides"
SOMEBODY = "to, cc and bcc together must name 1 to 50 addresses"
MANY = [f"person{number}@example.com" for number in range(26)]
REFUSED: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    *(
        ({"subject": text}, ("subject",), ONE_LINE)
        for text in ("a\r\nBcc: x@example.com", "a\nb", "a\x00b", "a\x7fb", "a\u2028b", "\t")
    ),
    *(
        ({field: ["ada@example.com", "no address"]}, (field, 1), "plain e-mail address")
        for field in ("to", "cc", "bcc", "reply_to")
    ),
    ({"to": []}, (), SOMEBODY),
    ({"to": MANY, "cc": MANY[:25]}, (), SOMEBODY),
    ({"text": None}, (), "give a text, an html, or both"),
    ({"subject": 5}, ("subject",), "string"),
    ({"to": "ada@example.com"}, ("to",), "array"),
]
"""What is changed in a plain mail, the place that the refusal names, and what it says."""


@pytest.mark.parametrize(("given", "where", "why"), REFUSED)
def test_a_wrong_payload_is_refused_by_its_place(given: dict[str, Any], where: tuple[str | int, ...], why: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        jobtype.get("email.send").parse({**PLAIN, **given})
    [error] = refused.value.errors
    assert error.loc == ("payload", *where)
    assert why in error.msg


def test_fifty_recipients_are_enough() -> None:
    assert jobtype.get("email.send").parse({**PLAIN, "to": MANY, "cc": MANY[:24]}).recipients == 50


def test_the_slowest_send_ends_before_its_invocation_does() -> None:
    assert jobtype.get("email.send").job_budget > mail.READ_TIMEOUT + aws.CONNECT_TIMEOUT + 1
