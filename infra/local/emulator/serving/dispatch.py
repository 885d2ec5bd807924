"""Pass a job's calls to moto's response classes, without Flask and the search for the service."""

from moto.core.request import Request as MotoRequest
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.logs.responses import LogsResponse
from moto.sesv2.responses import SESV2Response
from moto.sqs.responses import SQSResponse

from . import wsgi
from .server import Reply, Request

HANDLERS: dict[str, type[BaseResponse]] = {
    "DynamoDB_20120810": DynamoHandler,
    "DynamoDBStreams_20120810": DynamoDBStreamsHandler,
    "AmazonSQS": SQSResponse,
    "Logs_20140328": LogsResponse,
}
SEND_EMAIL = "/v2/email/outbound-emails"


def dispatch(request: Request, server: tuple[str, int] = ("127.0.0.1", 80)) -> Reply | None:
    """Return the answer of moto's response class to a signed call; do nothing and return None for another request.

    It handles every JSON call of the services above, and the call that sends an e-mail. `server` is the address of the
    host.
    """
    handler = HANDLERS.get(request.headers.get("x-amz-target", "").partition(".")[0])
    if handler is None and request.target == SEND_EMAIL:
        handler = SESV2Response
    if handler is None or request.method != "POST" or "authorization" not in request.headers:
        return None
    asked = MotoRequest(wsgi.environ(request, server))
    status, headers, body = handler.dispatch(asked, asked.url, asked.headers)
    content = body.encode() if isinstance(body, str) else body
    return Reply(int(headers.pop("status", status)), [(name, str(value)) for name, value in headers.items()], content)
