"""Send one e-mail through SES: check addresses and header text, sort failures into temporary and permanent."""

import random
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from chalicelib.assembly import parts
from chalicelib.builtin.constants import LONGEST_ADDRESS, MAIL_READ_TIMEOUT
from chalicelib.errors import JobFlowError, PermanentError, RetryLater
from chalicelib.job_types.rate import Rate

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import BodyTypeDef, EmailContentTypeDef, MessageHeaderTypeDef

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+(?=[A-Za-z]){LABEL}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, line ends, and direction overrides: these display the text of a subject in another order."""
WORD = re.compile(r"[^\s<>\"',;:]+")
NEVER = frozenset({
    "MessageRejected", "BadRequestException", "InvalidParameterValue", "ValidationError", "NotFoundException",
    "MailFromDomainNotVerifiedException", "AccountSuspendedException",
})  # fmt: skip
"""Errors after which the same request would fail again until a person changes something."""
LATER = {
    "TooManyRequestsException": (10, 60), "ThrottlingException": (10, 60), "Throttling": (10, 60),
    "LimitExceededException": (1800, 3600), "SendingPausedException": (600, 1200),
}  # fmt: skip
"""Errors that ask to retry later, with the range of seconds to wait. The mail does not cause these errors, so no
attempt is charged. The waits are random, so that not all jobs return at the same moment. A daily quota covers the last
24 hours.

InternalFailure and ServiceUnavailable are not in this list. After these two errors, SES recommends a few retries and
warns of duplicates: the mail may have been sent. The mail therefore stays in the day's count, and the number of its
retries is limited.

Source: SES API v2, SendEmail, Errors; SES Developer Guide, API error codes.
"""


class MailNotSent(JobFlowError):
    """SES could not accept the message now, and did not say when it can."""


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise ValueError("must be a plain e-mail address like ada@example.com (ASCII, no name, no spaces)")
    return text


def _header(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("must be one line without control characters or direction overrides")
    return text


# Check only the shape of an address: this check refuses everything that could become a second header. SES checks the
# rest. email-validator with dnspython would add 0.5 MB to every function of the stack.
EmailAddress = Annotated[
    str, Field(max_length=LONGEST_ADDRESS, json_schema_extra={"format": "email"}), AfterValidator(_address)
]
HeaderText = Annotated[str, AfterValidator(_header)]


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready to send; `key` marks it, so that a second copy can be recognised."""

    sender: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    reply_to: list[str]
    subject: str
    text: str | None
    html: str | None
    key: str


def sending_rate() -> Rate | None:
    """Return the e-mails that the stage may send per second (`MailRate`); None without a limit."""
    n = parts.settings.mail_rate
    return Rate(n) if n else None


def account() -> tuple[str, str, tuple[str, ...]]:
    """Return the stack's sender address, the region in which SES is used, and the allowed domains (empty: any)."""
    settings = parts.settings
    return settings.mail_from, settings.region, settings.mail_domains


def check_domains(recipients: Iterable[str], allowed: Collection[str]) -> None:
    """Raise PermanentError, with the domain only, for a recipient outside of the allowed domains (empty: any)."""
    for address in recipients:
        domain = address.rpartition("@")[2].lower()
        if allowed and domain not in allowed:
            raise PermanentError(f"This stage does not send mail to {domain} (MailDomains).")


def send(mail: Mail, region: str) -> str:
    """Give the message to SES and return the id that SES gave it.

    Raises PermanentError, RetryLater or MailNotSent, without addresses.
    """
    from botocore.exceptions import ClientError

    from chalicelib.adapters import aws

    # SES has no idempotency: after a lost answer, a retry inside the SDK would send a second copy unnoticed.
    client: SESV2Client = aws.client("sesv2", region, read_timeout=MAIL_READ_TIMEOUT, tries=1)
    try:
        answer = client.send_email(
            FromEmailAddress=mail.sender,
            Destination={"ToAddresses": mail.to, "CcAddresses": mail.cc, "BccAddresses": mail.bcc},
            ReplyToAddresses=mail.reply_to,
            Content=_content(mail),
            EmailTags=[{"Name": "idempotency-key", "Value": mail.key.replace(":", "_")}],
        )
    except ClientError as error:
        raise failure(error.response["Error"]["Code"], error.response["Error"].get("Message", "")) from None
    return answer["MessageId"]


def failure(code: str, message: str) -> JobFlowError:
    """Return the exception for a refusal by SES.

    PermanentError if a retry cannot help, RetryLater if SES asks for a lower rate, else MailNotSent.
    """
    says = f"SES answered {code}: {_without_addresses(message)}"
    if code in LATER:
        return RetryLater(random.uniform(*LATER[code]), says)
    return PermanentError(says) if code in NEVER else MailNotSent(says)


def _without_addresses(text: str) -> str:
    # Find words first: one pattern for a whole address would take quadratic time for a long word without an @.
    return WORD.sub(lambda word: "<address>" if "@" in word[0] else word[0], text)


def _content(mail: Mail) -> "EmailContentTypeDef":
    body: BodyTypeDef = {}
    if mail.text is not None:
        body["Text"] = {"Data": mail.text, "Charset": "UTF-8"}
    if mail.html is not None:
        body["Html"] = {"Data": mail.html, "Charset": "UTF-8"}
    headers: list[MessageHeaderTypeDef] = [{"Name": "X-Idempotency-Key", "Value": mail.key}]
    return {"Simple": {"Subject": {"Data": mail.subject, "Charset": "UTF-8"}, "Body": body, "Headers": headers}}
