"""Answer an AWS client's calls in this process, without signatures, retries and connections.

botocore serialises the request and parses the answer as it does over a connection; the emulator gets the body that
would be sent. Signing, endpoint rules, HTTP and the connection pool are left out: no promise depends on them, and they
needed most of an execution's time.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.parsers import JSONParser as ResponseParser
from botocore.serialize import JSONSerializer
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.parse import JSONParser

from infra.local.emulator.serving.dispatch import HANDLERS

PLAIN = ({"S"}, {"N"}, {"BOOL"}, {"NULL"})
"""The kinds of DynamoDB's values that are the same in a request, in JSON and in an answer."""
_one_at_a_time = threading.RLock()
"""The emulator answers one request at a time, as its server does."""


@contextmanager
def direct(client: Any, before: Callable[[str], None], done: Callable[[str], None]) -> Iterator[None]:
    """Answer the client's calls directly within the block.

    `before` and `done` are called with each operation's name.
    """
    client._make_api_call = DirectCalls(client, before, done)
    try:
        yield
    finally:
        del client._make_api_call


class DirectCalls:
    """Calls of one client: serialise the request, pass it on, parse the answer, raise the client's own errors."""

    def __init__(self, client: Any, before: Callable[[str], None], done: Callable[[str], None]) -> None:
        self._client, self._before, self._done = client, before, done
        self._region = client.meta.region_name
        model = client.meta.service_model
        self._host = f"https://{model.endpoint_prefix}.{self._region}.amazonaws.com"
        self._handler = HANDLERS[model.metadata["targetPrefix"]]
        self._serializer, self._parser = _Serializer(), _ResponseParser()

    def __call__(self, operation: str, parameters: dict[str, Any]) -> Any:
        """Make one call. Raises the exception that the client raises for the error code."""
        self._before(operation)
        model = self._client.meta.service_model.operation_model(operation)
        if operation == "ReceiveMessage":
            parameters = {**parameters, "WaitTimeSeconds": 0}  # only the test moves the clock
        status, parsed = self._answer(self._serializer.serialize_to_request(parameters, model), model)
        self._done(operation)
        if status >= 300:
            code = parsed.get("Error", {}).get("Code")
            raise self._client.exceptions.from_code(code)(parsed, operation)
        return parsed

    def _answer(self, request: dict[str, Any], model: Any) -> tuple[int, Any]:
        with _one_at_a_time:
            status, answered, content = self._asked(request, model).call_action()
        status = int(answered.pop("status", status))
        body = content if isinstance(content, bytes) else content.encode()
        response: dict[str, Any] = {
            "headers": HeadersDict(answered),
            "status_code": status,
            "body": body,
            "context": {},
        }
        parsed = self._parser.parse(response, model.output_shape)
        if status >= 300:
            _add_modelled_fields(self._parser, response, parsed, model)
        return status, parsed

    def _asked(self, request: dict[str, Any], model: Any) -> Any:
        """Return moto's handler of one request, with the fields that moto reads from HTTP."""
        handler: Any = self._handler()
        handler.headers, handler.method = HeadersDict(request["headers"]), request["method"]
        handler.path, handler.uri = request["url_path"], f"{self._host}{request['url_path']}"
        handler.region, handler.partition, handler.current_account = self._region, "aws", DEFAULT_ACCOUNT_ID
        handler.querystring = handler.data = handler.uri_match = {}
        handler.response_headers = {}
        handler.body, handler.raw_body = request["body"].decode(), request["body"]
        handler.params = _RequestParser(model, map_type=handler.PROTOCOL_PARSER_MAP_TYPE).parse(request)
        return handler


def _same(shape: Any, value: Any) -> bool:
    """Return whether a value is one of DynamoDB's plain ones; botocore and moto try ten kinds for each."""
    return shape.name == "AttributeValue" and value is not None and value.keys() in PLAIN


class _Serializer(JSONSerializer):
    def _serialize_type_structure(self, serialized: Any, value: Any, shape: Any, key: Any) -> None:
        if _same(shape, value):
            serialized[key] = value
        else:
            super()._serialize_type_structure(serialized, value, shape, key)  # type: ignore[misc]  # not in the stubs


class _RequestParser(JSONParser):  # type: ignore[misc]  # moto is not typed for mypy here
    def _parse_structure(self, shape: Any, value: Any) -> Any:
        return value if _same(shape, value) else super()._parse_structure(shape, value)


class _ResponseParser(ResponseParser):
    def _handle_structure(self, shape: Any, value: Any) -> Any:
        if _same(shape, value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]  # not in the stubs


def _add_modelled_fields(parser: Any, response: dict[str, Any], parsed: dict[str, Any], model: Any) -> None:
    """Read the fields of the service's own errors, such as the item that a refused condition returns."""
    shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
    if shape is not None:
        parsed.update(parser.parse(response, shape))
