"""Send one e-mail through SES (email.send)."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from chalicelib import AwsAccess, Function, JobContext, consume, job
from chalicelib.builtin import mail, mail_cap
from chalicelib.builtin.mail import EmailAddress, HeaderText

MOST_RECIPIENTS = 50
LONGEST_BODY = 200_000

EXAMPLE: JsonDict = {
    "to": ["success@simulator.amazonses.com"],
    "subject": "Your order has shipped",
    "text": "Good news: order 1042 is on its way.",
    "html": "<p>Good news: order <b>1042</b> is on its way.</p>",
}


class EmailSend(BaseModel):
    """An e-mail to up to 50 recipients, as text, HTML or both."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Send an e-mail", json_schema_extra={"examples": [EXAMPLE]}
    )

    to: list[EmailAddress] = Field(
        default=[], max_length=MOST_RECIPIENTS, description="Who it is for.", examples=[["ada@example.com"]]
    )
    cc: list[EmailAddress] = Field(
        default=[], max_length=MOST_RECIPIENTS, description="Who gets a copy.", examples=[["grace@example.com"]]
    )
    bcc: list[EmailAddress] = Field(
        default=[],
        max_length=MOST_RECIPIENTS,
        description="Who gets a copy that the others do not see.",
        examples=[["archive@example.com"]],
    )
    reply_to: list[EmailAddress] = Field(
        default=[], max_length=5, description="Where answers go, if not to the sender.", examples=[["help@example.com"]]
    )
    subject: HeaderText = Field(
        min_length=1, max_length=200, description="The subject, one line.", examples=["Your order has shipped"]
    )
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_BODY,
        description="The message as plain text.",
        examples=["Good news: order 1042 is on its way."],
    )
    html: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_BODY,
        description="The message as HTML, for readers that show it.",
        examples=["<p>Good news: order <b>1042</b> is on its way.</p>"],
    )
    approval: bool = Field(
        default=False,
        description="Send it only after an operator has posted the event `approved` to the job, within 7 days.",
        examples=[False],
    )

    @property
    def recipients(self) -> int:
        """Return the number of recipients."""
        return len(self.to) + len(self.cc) + len(self.bcc)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not 1 <= self.recipients <= MOST_RECIPIENTS:
            raise ValueError(f"to, cc and bcc together must name 1 to {MOST_RECIPIENTS} addresses")
        if self.text is None and self.html is None:
            raise ValueError("give a text, an html, or both")
        return self


class EmailSent(BaseModel):
    """The accepted e-mail: SES's id of the message, and the number of addresses."""

    message_id: str
    recipients: int


SLOWEST = 15.0
"""Seconds that the slowest send takes, with its log and metrics. A send that is killed before its end would be
repeated."""


@job(
    "email.send",
    max_attempts=3,
    timeout=60,
    function=Function(batch_size=10, threads=8, concurrency=20, memory=512, budget=SLOWEST),
    rate=mail.sending_rate,
    access=AwsAccess(grants=("ses:SendEmail", f"dynamodb:UpdateItem:control/CAP#{mail_cap.QUOTA}")),
)
def email_send(payload: EmailSend, ctx: JobContext) -> EmailSent:
    """Send an e-mail through SES, from the address in the stack's configuration.

    With `approval`, the job first waits for the event `approved`; cancel the job to refuse. SES has no idempotency. If
    an attempt dies after SES accepted the message, which is rare, the next attempt sends it again, with the same
    X-Idempotency-Key header and `idempotency-key` tag.
    """
    sender, region, domains = mail.account()
    mail.check_domains((*payload.to, *payload.cc, *payload.bcc), domains)
    if payload.approval:
        ctx.wait_for("approved")
    message = mail.Mail(
        sender=sender,
        to=payload.to,
        cc=payload.cc,
        bcc=payload.bcc,
        reply_to=payload.reply_to,
        subject=payload.subject,
        text=payload.text,
        html=payload.html,
        key=ctx.idempotency_key,
    )
    with mail_cap.counted(payload.recipients):
        sent = EmailSent(message_id=mail.send(message, region), recipients=payload.recipients)
    ctx.logger.info("email.sent", extra={"ses_message_id": sent.message_id, "recipients": sent.recipients})
    return sent


handler = consume(email_send)
