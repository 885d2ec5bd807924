"""Answer an AWS client's calls in this process, without signatures, retries and connections.

botocore serialises the request and parses the answer as it does over a connection; the emulator gets the bytes that
would be sent. Signing, endpoint rules and the connection pool are left out: no promise depends on them, and they needed
most of an execution's time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.parsers import ResponseParserFactory
from moto.core.models import botocore_stubber

KEY = "proof"


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
        model = client.meta.service_model
        self._host = f"{model.endpoint_prefix}.{client.meta.region_name}.amazonaws.com"
        day = time.strftime("%Y%m%d", time.gmtime())
        scope = f"{KEY}/{day}/{client.meta.region_name}/{model.signing_name}/aws4_request"
        self._signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        self._parser = ResponseParserFactory().create_parser(model.resolved_protocol)

    def __call__(self, operation: str, parameters: dict[str, Any]) -> Any:
        """Make one call. Raises the exception that the client raises for the error code."""
        self._before(operation)
        model = self._client.meta.service_model.operation_model(operation)
        status, parsed = self._answer(self._client._serializer.serialize_to_request(parameters, model), model)
        self._done(operation)
        if status >= 300:
            code = parsed.get("Error", {}).get("Code")
            raise self._client.exceptions.from_code(code)(parsed, operation)
        return parsed

    def _answer(self, request: dict[str, Any], model: Any) -> tuple[int, Any]:
        body = request["body"] if isinstance(request["body"], bytes) else request["body"].encode()
        signed: Any = HeadersDict({**request["headers"], "host": self._host, "Authorization": self._signed})
        url = f"https://{self._host}{request['url_path']}"
        sent = AWSPreparedRequest(request["method"], url, signed, body, stream_output=False)
        status, answered, content = botocore_stubber.process_request(sent)
        content = content if isinstance(content, bytes) else content.encode()
        response = {"headers": answered, "status_code": status, "body": content, "context": {}}
        parsed = self._parser.parse(response, model.output_shape)
        if status >= 300:
            _add_modelled_fields(self._parser, response, parsed, model)
        return status, parsed


def _add_modelled_fields(parser: Any, response: dict[str, Any], parsed: dict[str, Any], model: Any) -> None:
    """Read the fields of the service's own errors, such as the item that a refused condition returns."""
    shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
    if shape is not None:
        parsed.update(parser.parse(response, shape))
