"""Make moto apply bucket policies in which one statement refuses requests without TLS, as in the project's policies."""

import json
from types import SimpleNamespace
from typing import Any

from moto.s3.models import FakeBucket

from .patching import Replacements

PLAIN_TEXT = {"Bool": {"aws:SecureTransport": "false"}}


def repair(replacements: Replacements) -> None:
    """Treat each request as one with TLS.

    moto evaluates no conditions, so a Deny of plain HTTP would deny all requests.
    """

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return stock(bucket, action, resource)
        policy = json.loads(bucket.policy)
        policy["Statement"] = [part for part in policy["Statement"] if part.get("Condition") != PLAIN_TEXT]
        return stock(SimpleNamespace(policy=json.dumps(policy).encode()), action, resource)

    stock = replacements.put(FakeBucket, "get_permission", get_permission)
