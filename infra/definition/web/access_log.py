"""Log every request that reaches API Gateway, even if it reaches no function: caller, address, request, answer."""

import json
from typing import Any

from infra.definition.names import Resources, arn_of, attribute, ref

LOG_ACCOUNT = "GatewayAccount"
NOTHING = ref("AWS::NoValue")
FORMAT = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "user_agent": "$context.identity.userAgent",
    # the token's id, never the token
    "principal": "$context.authorizer.principalId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "authorizer_status": "$context.authorizer.status",
    "integration_status": "$context.integration.status",
    "latency_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
}
MANAGED = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def access_log_setting() -> Any:
    """Return the stage's setting of access logs; no setting with `AccessLogs=false`."""
    setting = {"DestinationArn": arn_of("ApiAccessLogs"), "Format": json.dumps(FORMAT, separators=(",", ":"))}
    return {"Fn::If": ["HasAccessLogs", setting, NOTHING]}


def access_log(stack: str) -> Resources:
    """Return the log group; with `AccessLogsRole=true` also API Gateway's role.

    Each account and region needs this role once.
    The role, and the account's setting that names it, stay when the stage is deleted: other APIs of the region use
    them.
    """
    return {
        "ApiAccessLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Condition": "HasAccessLogs",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": f"/aws/apigateway/{stack}",
                "RetentionInDays": ref("LogRetentionDays"),
                # API Gateway refuses access logs until the account has the role. The API's stage is created after the
                # log group, and the Ref in this tag makes CloudFormation create the log group after the role. (The
                # role is conditional, and a template with DependsOn on a resource that is not created is refused.)
                "Tags": {"Fn::If": ["MakesLogRole", [{"Key": "written-by", "Value": ref(LOG_ACCOUNT)}], NOTHING]},
            },
        },
        "GatewayLogsRole": _kept("AWS::IAM::Role", _role()),
        LOG_ACCOUNT: _kept("AWS::ApiGateway::Account", {"CloudWatchRoleArn": attribute("GatewayLogsRole", "Arn")}),
    }


def _kept(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {"Type": kind, "Condition": "MakesLogRole", **kept, "Properties": properties}


def _role() -> dict[str, Any]:
    principal = {"Service": "apigateway.amazonaws.com"}
    trust = [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trust},
        "ManagedPolicyArns": [{"Fn::Sub": MANAGED}],
    }
