"""Carries out one hot call on moto's own response class, and leaves everything else to the caller."""

import json
import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.iam.models import get_account_id_from
from moto.sesv2.responses import SESV2Response
from moto.sqs.responses import SQSResponse
from werkzeug.exceptions import HTTPException

from infra.local.emulator.server import Reply, Request

from .parsing import Parse, ParserCompiler
from .serialising import NotPlain, Serialise, SerialiserCompiler

HOT: dict[str, tuple[str, type[BaseResponse], str]] = {
    "DynamoDB_20120810": (
        "dynamodb",
        DynamoHandler,
        "GetItem PutItem UpdateItem DeleteItem Query BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems",
    ),
    "DynamoDBStreams_20120810": ("dynamodbstreams", DynamoDBStreamsHandler, "GetRecords GetShardIterator"),
    "AmazonSQS": (
        "sqs",
        SQSResponse,
        (
            "SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch GetQueueAttributes"
            " ChangeMessageVisibility ChangeMessageVisibilityBatch"
        ),
    ),
}
SEND_EMAIL_PATH = "/v2/email/outbound-emails"
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_ACCESS_KEY = re.compile(r"[A-Z0-9]{20}")
_JSON_HEADER = ("Content-Type", "application/x-amz-json-1.0")


class Headers(dict[str, str]):
    """Header values by lower-case name, found under any spelling, as moto's code asks for both."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


@dataclass(frozen=True, slots=True)
class Call:
    """One hot operation: how to read it, which method of moto does it, how to write its result."""

    service: str
    handler: type[BaseResponse]
    method: str
    parse: Parse
    serialise: Serialise
    checksummed: bool


def hot_calls() -> dict[str, Call]:
    """Return the hot operations by their X-Amz-Target."""
    calls = {}
    for prefix, (service, handler, operations) in HOT.items():
        model, parsers, serialisers = get_service_model(service), ParserCompiler(), SerialiserCompiler()
        for name in operations.split():
            operation = model.operation_model(name)
            calls[f"{prefix}.{name}"] = Call(
                service,
                handler,
                camelcase_to_underscores(name),
                parsers.compile(operation.input_shape),
                serialisers.compile(operation.output_shape) if operation.output_shape else _nothing,
                checksummed=service == "dynamodb",
            )
    return calls


def perform(call: Call, request: Request) -> Reply | None:
    """Carry out `call`, or return None, with nothing done, when the request is not the usual one."""
    identity = _identity(request)
    if identity is None or "content-encoding" in request.headers:
        return None
    try:
        given = json.loads(request.body)
        parameters = call.parse(given)
    except (ValueError, TypeError, AttributeError):
        return None
    handler = _handler(call.handler, request, identity)
    handler.params = handler.body = parameters
    if not handler.automated_parameter_parsing:
        handler.body = request.body.decode()
    status, headers, body = _run(handler, getattr(handler, call.method), call.serialise)
    content = body.encode() if isinstance(body, str) else body
    headers = {**headers, "x-amzn-RequestId": _request_id()}
    if call.checksummed:
        headers["x-amz-crc32"] = str(zlib.crc32(content))
    return Reply(status, list(headers.items()), content)


def send_email(request: Request) -> Reply | None:
    """Carry out SESv2's SendEmail, or return None, with nothing done, when the request is not the usual one."""
    identity = _identity(request)
    if identity is None or "content-encoding" in request.headers:
        return None
    handler = _handler(SESV2Response, request, identity)
    handler.body = request.body.decode()
    try:
        answer: str = handler.send_email()
    except ServiceException:
        return None  # refused, so nothing was sent; moto words the refusal
    return Reply(
        HTTPStatus.OK, [("Content-Type", "application/json"), ("x-amzn-RequestId", _request_id())], answer.encode()
    )


def _run(
    handler: BaseResponse, method: Callable[[], Any], serialise: Serialise
) -> tuple[int, dict[str, str], str | bytes]:
    """What BaseResponse.call_action does, less its questions about identities, which the emulator does not ask."""
    try:
        result = method()
    except ServiceException as error:
        return handler.serialized(ActionResult(error))  # type: ignore[no-any-return]
    except HTTPException as error:
        headers = {name: str(value) for name, value in error.get_headers() or []}
        return error.code or 500, headers, error.description or ""
    if not isinstance(result, ActionResult):
        return 200, dict([_JSON_HEADER]), result
    try:
        plain = serialise(result.result) if result.result is not None else {}
    except NotPlain:
        return handler.serialized(result)  # type: ignore[no-any-return]
    return 200, dict([_JSON_HEADER]), json.dumps(plain)


def _handler(kind: type[BaseResponse], request: Request, identity: tuple[str, str]) -> BaseResponse:
    handler = kind()
    handler.region, handler.current_account = identity
    handler.headers = Headers(request.headers)
    handler.querystring = {}
    handler.uri_match = {}
    handler.method = request.method
    handler.path = handler.raw_path = request.path
    handler.response_headers = {}
    return handler


def _identity(request: Request) -> tuple[str, str] | None:
    """The region and the account a signed request means, by moto's rules; None if it is not signed the usual way."""
    headers = request.headers
    if "x-moto-account-id" in headers or "region/" in headers.get("user-agent", ""):
        return None
    scope = _region_and_key(headers.get("authorization", "").partition(",")[0])
    if scope is None:
        return None
    region, key = scope
    return region, get_account_id_from(key) if key else DEFAULT_ACCOUNT_ID


@lru_cache(maxsize=256)
def _region_and_key(credential: str) -> tuple[str, str | None] | None:
    match = _SCOPE.search(credential)
    if match is None:
        return None
    return match[2], match[1] if _ACCESS_KEY.fullmatch(match[1]) else None


def _nothing(_result: Any) -> dict[str, Any]:
    return {}


def _request_id() -> str:
    return f"{random.getrandbits(208):052X}"
