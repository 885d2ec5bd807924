"""Implement the queues on SQS: one per job type or for several types, each with its dead-letter queue.

No other module uses the SQS client.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.adapters.constants import DEAD_HIDDEN
from chalicelib.errors import MalformedMessage
from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import name_in_aws, urgent_key
from chalicelib.jobs import trace
from chalicelib.jobs.constants import FIFO_ENDING
from chalicelib.jobs.message import parse_message, write_message
from chalicelib.jobs.port import DeadMessage, Depth, Message
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef

LONGEST_VISIBILITY = 43_200
COUNTS: tuple["QueueAttributeNameType", ...] = (
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
)  # fmt: skip
LOST = frozenset({"ReceiptHandleIsInvalid", "MessageNotInflight"})


class SqsJobQueue:
    """See JobQueue. Every method raises botocore's error when SQS refuses the request."""

    def __init__(self, settings: Settings, serial: Callable[[str], bool] = jobtype.serial) -> None:
        self._prefix, self._serial = settings.queue_url_prefix, serial
        self._client: SQSClient = aws.client("sqs", settings.region)

    def send(self, message: Message, delay: int = 0) -> None:
        """See JobQueue."""
        self._client.send_message(QueueUrl=self._url(_key(message)), **self._content(message, delay))

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """See JobQueue."""
        if not messages:
            return []
        wait = delays or {}
        entries: Any = [
            {"Id": str(n), **self._content(message, wait.get(message.id, 0))} for n, message in enumerate(messages)
        ]
        answer = self._client.send_message_batch(QueueUrl=self._url(_key(messages[0])), Entries=entries)
        return [messages[int(failed["Id"])] for failed in answer.get("Failed", [])]

    def set_visibility(self, key: str, receipts: Sequence[str], seconds: int) -> None:
        """See JobQueue."""
        seconds = max(0, min(LONGEST_VISIBILITY, seconds))
        alone = receipts if len(receipts) < 2 else self._set_together(key, receipts, seconds)
        for receipt in alone:
            self._set_alone(key, receipt, seconds)

    def depth(self, job_type: str) -> Depth:
        """See JobQueue."""
        visible, delayed, in_flight = self._counts(self._url(job_type))
        if jobtype.urgent(job_type):
            more, later, flying = self._counts(self._url(urgent_key(job_type)))
            visible, delayed, in_flight = visible + more, delayed + later, in_flight + flying
        return Depth(visible, delayed, in_flight, sum(self._counts(self._dead_url(job_type))))

    def peek_dead(self, job_type: str, most: int) -> Sequence[DeadMessage]:
        """See JobQueue."""
        answer = self._client.receive_message(
            QueueUrl=self._dead_url(job_type), MaxNumberOfMessages=most, VisibilityTimeout=DEAD_HIDDEN
        )
        return [_dead(message) for message in answer.get("Messages", [])]

    def delete_dead(self, job_type: str, receipts: Sequence[str]) -> None:
        """See JobQueue."""
        if not receipts:
            return
        answer = self._client.delete_message_batch(
            QueueUrl=self._dead_url(job_type),
            Entries=[{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(receipts)],
        )
        for failed in answer.get("Failed", []):
            self._delete_alone(job_type, receipts[int(failed["Id"])])

    def _url(self, key: str, dead: str = "") -> str:
        name = name_in_aws(jobtype.queue_of(key))
        return self._prefix + name + dead + (FIFO_ENDING if self._serial(key) else "")

    def _dead_url(self, job_type: str) -> str:
        return self._url(job_type, "-dlq")

    def _content(self, message: Message, delay: int) -> Any:
        traced = {} if message.trace is None else _traced(message.trace)
        if not self._serial(message.type):
            group = {} if message.group is None else {"MessageGroupId": message.group}
            return {"MessageBody": write_message(message), "DelaySeconds": delay, **group, **traced}
        # Each send gets a new deduplication id, because SQS ignores a repeated id for 5 minutes. The message of a job
        # that is sent again must arrive. Only the SDK's own retries repeat the id.
        told = {"MessageGroupId": message.group or message.id, "MessageDeduplicationId": uuid.uuid4().hex}
        return {"MessageBody": write_message(message), **told, **traced}

    def _set_together(self, key: str, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        """Change all messages in one request; return the receipts that failed, for which the reasons are unknown."""
        answer = self._client.change_message_visibility_batch(
            QueueUrl=self._url(key),
            Entries=[
                {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for n, receipt in enumerate(receipts)
            ],
        )
        return [receipts[int(failed["Id"])] for failed in answer.get("Failed", [])]

    def _set_alone(self, key: str, receipt: str, seconds: int) -> None:
        _unless_lost(
            lambda: self._client.change_message_visibility(
                QueueUrl=self._url(key), ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        )

    def _delete_alone(self, job_type: str, receipt: str) -> None:
        _unless_lost(lambda: self._client.delete_message(QueueUrl=self._dead_url(job_type), ReceiptHandle=receipt))

    def _counts(self, url: str) -> list[int]:
        """Return the numbers of visible, delayed and in-flight messages."""
        answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))
        return [int(answer["Attributes"][name]) for name in COUNTS]


def _key(message: Message) -> str:
    return urgent_key(message.type) if message.urgent else message.type


def _traced(context: bytes) -> dict[str, Any]:
    """Return the attributes with which other tools, and AWS X-Ray, follow the trace. Workers read it from the row."""
    return {
        "MessageAttributes": {trace.HEADER: {"DataType": "String", "StringValue": trace.write(context)}},
        "MessageSystemAttributes": {
            "AWSTraceHeader": {"DataType": "String", "StringValue": trace.write_for_x_ray(context)}
        },
    }


def _unless_lost(request: Callable[[], object]) -> None:
    """Make a request about one received message; an expired receipt is not an error."""
    try:
        request()
    except ClientError as error:
        if not _lost(error):
            raise


def _lost(error: ClientError) -> bool:
    # SQS prefixes its error codes in only one protocol, and answers "invalid parameter" for an old receipt.
    code = error.response["Error"]["Code"].rpartition(".")[2]
    return code in LOST or (code == "InvalidParameterValue" and "ReceiptHandle" in error.response["Error"]["Message"])


def _dead(message: "MessageTypeDef") -> DeadMessage:
    try:
        return DeadMessage(message["ReceiptHandle"], parse_message(message["Body"]))
    except MalformedMessage:
        return DeadMessage(message["ReceiptHandle"], None)
