"""Pass a job's calls to moto's response classes, without Flask and the search for the service."""

from moto.core.request import Request as MotoRequest
from moto.core.responses import BaseResponse
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.logs.responses import LogsResponse
from moto.sesv2.responses import SESV2Response
from moto.sqs.responses import SQSResponse
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict

from . import wsgi
from .server import Reply, Request

HANDLERS: dict[str, type[BaseResponse]] = {
    "DynamoDB_20120810": DynamoHandler,
    "DynamoDBStreams_20120810": DynamoDBStreamsHandler,
    "AmazonSQS": SQSResponse,
    "Logs_20140328": LogsResponse,
    "sesv2": SESV2Response,
}
SEND_EMAIL = "/v2/email/outbound-emails"


class _Asked(MotoRequest):  # type: ignore[misc]  # moto is not typed for mypy here
    """A request whose body is JSON: moto need not look in it for a form, files and an address."""

    from_wsgi_server = True  # the server writes the date
    form = files = ImmutableMultiDict[str, str]()
    values = CombinedMultiDict[str, str]()
    url = raw_url = ""
    data = b""

    def __init__(self, environ: wsgi.Environ, body: bytes) -> None:
        super().__init__(environ)
        self.data = body
        self.url = self.raw_url = f"http://{environ['HTTP_HOST']}{environ['RAW_URI']}"


def dispatch(request: Request, server: tuple[str, int] = ("127.0.0.1", 80)) -> Reply | None:
    """Return the answer of moto's response class to a signed call; do nothing and return None for another request.

    It handles every JSON call of the services above, and the call that sends an e-mail. `server` is the address of the
    host.
    """
    target = "sesv2.SendEmail" if request.target == SEND_EMAIL else request.headers.get("x-amz-target", "")
    handler = HANDLERS.get(target.partition(".")[0])
    plain = request.target.startswith("/") and "content-encoding" not in request.headers
    if handler is None or request.method != "POST" or "authorization" not in request.headers or not plain:
        return None
    asked = _Asked({**wsgi.environ(request, server), "HTTP_X_AMZ_TARGET": target}, request.body)
    status, headers, body = handler.dispatch(asked, asked.url, asked.headers)
    content = body.encode() if isinstance(body, str) else body
    return Reply(int(headers.pop("status", status)), [(name, str(value)) for name, value in headers.items()], content)
