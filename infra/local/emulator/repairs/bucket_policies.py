"""Make moto apply bucket policies in which one statement refuses requests without TLS, as in the project's policies."""

import json
from collections.abc import Callable
from typing import Any

from moto.s3.models import FakeBucket

from .patching import Replacements

PLAIN_TEXT = {"Bool": {"aws:SecureTransport": "false"}}


def repair(replacements: Replacements) -> None:
    """Treat each request as one with TLS.

    moto evaluates no conditions, so a Deny of plain HTTP would deny all requests.
    """
    replacements.put(FakeBucket, "get_permission", _over_tls(FakeBucket.get_permission))


def _over_tls(stock: Callable[..., Any]) -> Callable[..., Any]:
    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        whole = bucket.policy
        if whole is None:
            return stock(bucket, action, resource)
        policy = json.loads(whole)
        policy["Statement"] = [part for part in policy["Statement"] if part.get("Condition") != PLAIN_TEXT]
        bucket.policy = json.dumps(policy).encode()
        try:
            return stock(bucket, action, resource)
        finally:
            bucket.policy = whole

    return get_permission
