"""Give functions what they need to begin traces, export spans and show traces, in a stage with the parameters for it.

Without these parameters, no function has a variable, a permission or an event more than before.
"""

import json
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import META
from infra.definition.iam.allowed import SUFFIX
from infra.definition.names import EXPORTS_SPANS, Value, arn, arn_of, logical, ref

ONLY = frozenset({"TRACED", "TRACE_URL", "OTLP_ENDPOINT", "OTLP_SECRET"})
"""Variables that Settings reads, and that only some functions have."""
EVERY_CHANGE = json.dumps(
    {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": [META]}}}}, separators=(",", ":")
)
"""The event filter of the function that exports spans: it passes every change of a job, but not its removal."""
NOTHING = ref("AWS::NoValue")


def variables(short: str) -> dict[str, Value]:
    """Return the variables of a function. A function that makes jobs for nobody must know that they begin traces."""
    begins = {"TRACED": _if(EXPORTS_SPANS, "1")}
    found: dict[str, dict[str, Value]] = {
        "api": {**begins, "TRACE_URL": _if("HasTraceUrl", ref("TraceUrl"))},
        "watchdog": begins,
        "followup": {
            "OTLP_ENDPOINT": _if(EXPORTS_SPANS, ref("OtlpEndpoint")),
            "OTLP_SECRET": _if("HasOtlpSecret", ref("OtlpSecret")),
        },
    }
    return found.get(short, {})


def statements(short: str) -> list[dict[str, Any]]:
    """Return the statements of the role of the function that exports spans.

    It reads the steps that an attempt has kept, and the secret with the headers for the collector.
    """
    if short != "followup":
        return []
    reading = {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": arn_of(logical("jobs", "Table"))}
    secret = {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": arn("secretsmanager", f"secret:${{OtlpSecret}}{SUFFIX}"),
    }
    return [_if(EXPORTS_SPANS, reading), _if("HasOtlpSecret", secret)]


def filters(short: str) -> list[dict[str, Any]]:
    """Return the event filters that a function has in addition."""
    return [_if(EXPORTS_SPANS, {"Pattern": EVERY_CHANGE})] if short == "followup" else []


def _if(condition: str, value: Value) -> dict[str, Any]:
    return {"Fn::If": [condition, value, NOTHING]}
