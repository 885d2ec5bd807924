"""Check requests without a signature in their headers, as S3 does: a signed address of an object, or an upload form.

The signature itself is not verified, as in all calls to the emulator, because its credentials are not secret.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from werkzeug.formparser import parse_form_data

from . import wsgi
from .server import Reply, Request

OF_OBJECTS = frozenset({"GET", "HEAD", "PUT"})
"""Operations for which the platform signs addresses."""
FREE = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "file", "policy"})
"""Fields of a form that its policy need not name. Fields that begin with x-ignore- need not be named either."""
DATE = "%Y%m%dT%H%M%SZ"


def refusal(request: Request, server: tuple[str, int], now: float) -> Reply | None:
    """Return the answer to an unsigned request that S3 would refuse, None for any other; `now` in epoch seconds."""
    if request.method == "OPTIONS":
        return None
    path, _, query = request.target.partition("?")
    bucket, _, key = unquote(path).strip("/").partition("/")
    if request.method == "POST" and bucket and not key and not query:
        return _of_form(request, bucket, server, now)
    asked = {name.lower(): values[0] for name, values in parse_qs(query).items()}
    if request.method not in OF_OBJECTS or not key or not {"x-amz-signature", "signature"} & asked.keys():
        return refused("AccessDenied", "Access Denied")
    return refused("AccessDenied", "Request has expired") if _ends(asked) < now else None


def _ends(asked: Mapping[str, str]) -> float:
    """Return the time until which a signed address is valid, in epoch seconds; 0 for an address that is not valid."""
    try:
        if "expires" in asked:
            return float(asked["expires"])
        begins = datetime.strptime(asked["x-amz-date"], DATE).replace(tzinfo=UTC)
        return (begins + timedelta(seconds=int(asked["x-amz-expires"]))).timestamp()
    except (KeyError, ValueError, OverflowError):
        return 0.0


def _of_form(request: Request, bucket: str, server: tuple[str, int], now: float) -> Reply | None:
    _, fields, files = parse_form_data(wsgi.environ(request, server))
    names = [name.lower() for part in (fields, files) for name, _ in part.items(multi=True)]
    if len(set(names)) < len(names):
        # If two fields have the same name, this check may read one of them, and moto the other.
        return refused("InvalidArgument", "Each field of the form must be there once.", HTTPStatus.BAD_REQUEST)
    sent = {name.lower(): value for name, value in fields.items()}
    file = files.get("file")
    if "policy" not in sent or not {"x-amz-signature", "signature"} & sent.keys():
        return refused("AccessDenied", "Access Denied")
    content = file.read() if file is not None else sent.get("file", "").encode()
    try:
        policy = json.loads(base64.b64decode(sent["policy"], validate=True))
        if datetime.fromisoformat(policy["expiration"]).timestamp() < now:
            return _broken("Policy expired.")
        conditions = [each for written in policy["conditions"] for each in _conditions(written)]
        return _against(conditions, {**sent, "bucket": bucket}, len(content))
    except (ArithmeticError, RecursionError, binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return refused("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.", HTTPStatus.BAD_REQUEST)


def _conditions(written: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each condition in an entry of a policy: the operator and its two operands. Raises for any other content."""
    if isinstance(written, dict):
        yield from (("eq", f"${name}", value) for name, value in written.items())
    else:
        operator, first, second = written
        yield operator.lower(), first, second


def _against(conditions: list[tuple[str, Any, Any]], sent: Mapping[str, str], size: int) -> Reply | None:
    named = set()
    for operator, first, second in conditions:
        if operator == "content-length-range":
            if size > int(second):
                told = "Your proposed upload exceeds the maximum allowed size"
                return refused("EntityTooLarge", told, HTTPStatus.BAD_REQUEST)
            if size < int(first):
                told = "Your proposed upload is smaller than the minimum allowed size"
                return refused("EntityTooSmall", told, HTTPStatus.BAD_REQUEST)
            continue
        name = first.removeprefix("$").lower()
        named.add(name)
        value = sent.get(name, "")
        holds = value == second if operator == "eq" else operator == "starts-with" and value.startswith(second)
        if not holds:
            return _broken(f"Policy Condition failed: {json.dumps([operator, first, second])}")
    extra = sorted(name for name in sent.keys() - named - FREE - {"bucket"} if not name.startswith("x-ignore-"))
    return _broken(f"Extra input fields: {', '.join(extra)}") if extra else None


def _broken(reason: str) -> Reply:
    return refused("AccessDenied", f"Invalid according to Policy: {reason}")


def refused(code: str, message: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Reply:
    """Return an error in the form of S3."""
    told = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{told}'
    headers = [("Content-Type", "application/xml"), ("Access-Control-Allow-Origin", "*")]
    return Reply(status, headers, body.encode())
