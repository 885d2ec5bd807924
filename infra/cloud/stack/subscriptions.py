"""Report addresses that get no mails about alarms: SNS sends mails only to a confirmed address."""

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.stack.cloudformation import Stack, names_of

TOPIC = "AWS::SNS::Topic"
PENDING = ("PendingConfirmation", "Deleted")


def unconfirmed(account: Account, stack: Stack) -> list[str]:
    """Return the unconfirmed addresses of the stack's own topic; none if the topic may not be read.

    A topic that `AlarmTopicArn` names is not checked: the deployer is responsible for it.
    """
    found: list[str] = []
    for arn in names_of(stack.resources(), TOPIC):
        try:
            pages = account.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
            entries = [entry for page in pages for entry in page["Subscriptions"]]
        except ClientError:
            continue
        found += [entry["Endpoint"] for entry in entries if entry["SubscriptionArn"] in PENDING]
    return found


def sentence(addresses: list[str]) -> str:
    """Return what to do about unconfirmed addresses."""
    return (
        f"Alarms do not reach {', '.join(addresses)}: open the mail of SNS there (AWS Notification - Subscription "
        "Confirmation) and confirm. SNS forgets it after two days; `make deploy` with AlarmEmail= and then with the "
        "address again sends another."
    )
