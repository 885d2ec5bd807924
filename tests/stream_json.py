"""Convert stream records as botocore reads them to DynamoDB's JSON, which Lambda passes on."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def as_json(value: Any) -> Any:
    """Return a record with times as Unix seconds, and binary values as base64."""
    match value:
        case Mapping():
            return {name: as_json(inner) for name, inner in value.items()}
        case list() | set():
            return [as_json(inner) for inner in value]
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
    return value
