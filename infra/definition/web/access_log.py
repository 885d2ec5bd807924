"""Log every request that reaches API Gateway, even if it reaches no function: address, request, answer.

The caller's token is known only to the function: its line `api.request` has the token's id, and the same request id.
"""

import json
from typing import Any

from infra.definition.names import Resources, arn_of, ref

NOTHING = ref("AWS::NoValue")
FORMAT = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "user_agent": "$context.identity.userAgent",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "integration_status": "$context.integrationStatus",
    "integration_error": "$context.integrationErrorMessage",
    "latency_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
}


def access_log_setting() -> Any:
    """Return the stage's setting of access logs; no setting with `AccessLogs=false`."""
    setting = {"DestinationArn": arn_of("ApiAccessLogs"), "Format": json.dumps(FORMAT, separators=(",", ":"))}
    return {"Fn::If": ["HasAccessLogs", setting, NOTHING]}


def access_log(stack: str) -> Resources:
    """Return the log group."""
    return {
        "ApiAccessLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Condition": "HasAccessLogs",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"LogGroupName": f"/aws/apigateway/{stack}", "RetentionInDays": ref("LogRetentionDays")},
        },
    }
