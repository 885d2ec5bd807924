"""Test email.send with an in-process SES, and its daily limit: counted before the send, until the next UTC day."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.adapters import aws
from chalicelib.adapters.constants import CONNECT_TIMEOUT
from chalicelib.assembly import parts
from chalicelib.builtin.constants import HELD_MAIL_SPREAD, MAIL_READ_TIMEOUT
from chalicelib.builtin.mail import failure
from chalicelib.builtin.mail_cap import counted
from chalicelib.errors import InvalidPayload, JobFlowError
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.run_identity import run_name
from tests.handlers.support import SENDER, Platform, settings
from tests.support import create_stores

PLAIN = {"to": ["ada@example.com"], "subject": "Hello", "text": "Hi."}


def mailbox() -> list[Any]:
    sent: list[Any] = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    return sent


@pytest.fixture
def requests(platform: Platform) -> Iterator[list[dict[str, Any]]]:
    """Record the SES requests as the client sends them: moto stores neither headers nor tags."""
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


def test_a_mail_that_needs_an_approval_is_sent_when_it_was_approved(platform: Platform) -> None:
    job = platform.submit("email.send", {**PLAIN, "approval": True})
    platform.advance(days=6)
    assert (platform.job(job).status, mailbox()) == (Status.SUSPENDED, [])
    platform.event(job, "approved")
    platform.run()
    assert platform.job(job).status == Status.COMPLETED
    assert len(mailbox()) == 1


def test_a_mail_that_nobody_approves_is_never_sent(platform: Platform) -> None:
    job = platform.submit("email.send", {**PLAIN, "approval": True})
    platform.advance(days=8)
    done = platform.job(job)
    assert (done.status, done.error_class, mailbox()) == (Status.FAILED, "EventTimedOut", [])


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
"""The change to a plain mail, the refused field, and the text of the refusal."""


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
    assert jobtype.get("email.send").job_budget > MAIL_READ_TIMEOUT + CONNECT_TIMEOUT + 1


DAY = 86_400


def sent() -> int:
    return len(ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages)


@pytest.fixture
def capped(platform: Platform) -> Platform:
    """A stage that may send to three recipients a day."""
    create_stores(settings())
    parts.replace(settings=settings(MAIL_DAILY_CAP="3"), clock=platform.clock)
    return platform


def mail_to(platform: Platform, recipients: int) -> Job:
    payload: dict[str, Any] = {"subject": "Hello", "text": "Hi."}
    return platform.perform("email.send", payload | {"to": [f"p{n}@example.com" for n in range(recipients)]})


def test_mail_over_the_cap_waits_for_the_next_utc_day_and_spends_no_attempt(capped: Platform) -> None:
    assert mail_to(capped, 2).status == Status.COMPLETED
    held = mail_to(capped, 2)
    midnight = (capped.clock.now // DAY + 1) * DAY
    assert (held.status, held.attempts, held.error_class) == (Status.RETRYING, 0, "RetryLater")
    assert "3 a UTC day (MailDailyCap)" in (held.error_message or "")
    assert midnight < (held.next_attempt_at or 0) <= midnight + HELD_MAIL_SPREAD + 1
    assert mail_to(capped, 1).status == Status.COMPLETED, "what is left of the day may be used"
    assert sent() == 2


def test_the_next_day_has_a_count_of_its_own(capped: Platform) -> None:
    mail_to(capped, 3)
    assert mail_to(capped, 1).status == Status.RETRYING
    capped.clock.now = (capped.clock.now // DAY + 1) * DAY
    assert mail_to(capped, 3).status == Status.COMPLETED


def test_mail_that_no_day_has_room_for_fails_at_once(capped: Platform) -> None:
    assert mail_to(capped, 4).status == Status.FAILED
    assert mail_to(capped, 3).status == Status.COMPLETED


def test_mail_that_ses_refused_is_not_counted(capped: Platform) -> None:
    parts.replace(settings=settings(MAIL_DAILY_CAP="3", MAIL_FROM="stranger@example.org"), clock=capped.clock)
    assert mail_to(capped, 3).status == Status.FAILED
    parts.replace(settings=settings(MAIL_DAILY_CAP="3"), clock=capped.clock)
    assert mail_to(capped, 3).status == Status.COMPLETED


@pytest.mark.parametrize(("code", "counts"), [("ServiceUnavailable", True), ("Throttling", False)])
def test_mail_that_may_be_out_stays_counted(capped: Platform, code: str, counts: bool) -> None:
    with pytest.raises(JobFlowError), counted(3):
        raise failure(code, "later")
    assert mail_to(capped, 1).status == (Status.RETRYING if counts else Status.COMPLETED)
