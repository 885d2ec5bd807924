"""Send messages to the SNS topic of the alarms; on a laptop there is none."""

from dataclasses import dataclass

from chalicelib.adapters import aws
from chalicelib.settings import Settings

KIND = "types-in-trouble"
"""The value of the message attribute `jobflow`: with it, a filter can distinguish these messages from alarms."""


@dataclass(frozen=True)
class SnsTopic:
    """The alarms' topic, by its ARN."""

    arn: str
    region: str

    def tell(self, subject: str, text: str) -> None:
        """See Teller. One request, without further tries: the watchdog's next run tries again."""
        kind = {"jobflow": {"DataType": "String", "StringValue": KIND}}
        # the client is made only now, because most processes of the watchdog never send a message
        topic = aws.client("sns", self.region, tries=1)
        topic.publish(TopicArn=self.arn, Subject=subject, Message=text, MessageAttributes=kind)


def alarm_topic(settings: Settings) -> SnsTopic | None:
    """Return the topic; None on a laptop."""
    return SnsTopic(settings.alarm_topic, settings.region) if settings.alarm_topic else None
