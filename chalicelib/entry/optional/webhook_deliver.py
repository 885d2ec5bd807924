"""Deliver a message to a webhook (webhook.deliver). A stage has webhooks if it has this type."""

from chalicelib import Allow, AwsAccess, Delays, Function, JobContext, consume, job
from chalicelib.assembly import parts
from chalicelib.webhooks.constants import GIVE_UP_AFTER, WAITS
from chalicelib.webhooks.payload import Delivered, Delivery

SLOWEST = 25.0
"""Seconds that the slowest delivery takes: 15 s for the request, and AWS's answers."""


@job(
    "webhook.deliver",
    timeout=40,
    retry=Delays(WAITS),
    give_up_after=GIVE_UP_AFTER,
    fair_by="webhook",
    function=Function(memory=256, batch_size=1, concurrency=10, budget=SLOWEST),
    access=AwsAccess(
        grants=(
            "dynamodb:GetItem:control/WEBHOOKS",
            "dynamodb:GetItem:control/WEBHOOKSTATES",
            "dynamodb:PutItem:control/WEBHOOKSTATES",
            Allow(
                "secretsmanager:GetSecretValue",
                "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/webhooks/*",
            ),
        )
    ),
)
def webhook_deliver(payload: Delivery, ctx: JobContext) -> Delivered:
    """Post a signed message to the URL of a webhook, until its receiver accepts the message or three days are over.

    Only the platform makes such jobs. While a receiver fails, one message at a time tries whether it works again.
    """
    return parts.deliverer.deliver(payload, ctx.job)


handler = consume(webhook_deliver)
