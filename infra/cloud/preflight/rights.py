"""Ask IAM whether the deployer may create the stack's kinds of resources, before CloudFormation fails."""

import re
from collections.abc import Iterator

from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding

NEEDED = (
    "apigateway:POST", "cloudformation:CreateChangeSet", "cloudwatch:PutMetricAlarm", "dynamodb:CreateTable",
    "events:PutRule", "iam:CreateRole", "iam:PassRole", "lambda:CreateFunction", "logs:CreateLogGroup",
    "s3:CreateBucket", "s3:PutObject", "sns:CreateTopic", "sqs:CreateQueue",
)  # fmt: skip
"""One action for each service of the stack's resources."""
TO_SHIFT = "codedeploy:CreateApplication"
"""Also needed by a stage with `ShiftTraffic`."""
WITH_A_KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey")
"""Also needed by a stage with `KmsKeyArn`."""
RESOURCES = {
    "apigateway": "arn:{p}:apigateway:{r}::/apis", "cloudformation": "arn:{p}:cloudformation:{r}:{a}:stack/{s}/x",
    "cloudwatch": "arn:{p}:cloudwatch:{r}:{a}:alarm:{s}-x",
    "codedeploy": "arn:{p}:codedeploy:{r}:{a}:application:{s}-x", "dynamodb": "arn:{p}:dynamodb:{r}:{a}:table/{s}-jobs",
    "events": "arn:{p}:events:{r}:{a}:rule/{s}-x", "kms": "{k}", "iam": "arn:{p}:iam::{a}:role/{s}-x",
    "lambda": "arn:{p}:lambda:{r}:{a}:function:{s}-x", "logs": "arn:{p}:logs:{r}:{a}:log-group:/aws/lambda/{s}-x",
    "s3": "arn:{p}:s3:::{s}-x", "sns": "arn:{p}:sns:{r}:{a}:{s}-alarms", "sqs": "arn:{p}:sqs:{r}:{a}:{s}-x",
}  # fmt: skip
SESSION = re.compile(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/")


def findings(
    asking: Asking, identity: str, region: str, stack: str, *, shifts: bool = False, key: str = ""
) -> Iterator[Finding]:
    """Yield the actions that are denied to `identity` (an ARN); nothing if the deployer may not ask IAM.

    `shifts`: the stage shifts the API's traffic. `key`: the ARN of the key that encrypts the stage's data; "" for AWS's
    own keys.
    """
    principal = SESSION.sub(r"arn:\1:iam::\2:role/\3\n", identity).partition("\n")[0]
    parts = principal.split(":")
    if ":root" in principal or len(parts) < 6:
        return
    names = {"p": parts[1], "r": region, "a": parts[4], "s": stack, "k": key}
    denied = []
    for action in (*NEEDED, *([TO_SHIFT] if shifts else []), *(WITH_A_KEY if key else ())):
        resource = RESOURCES[action.partition(":")[0]].format(**names)
        found = asking.ask(
            "rights", "iam", "simulate_principal_policy",
            PolicySourceArn=principal, ActionNames=[action], ResourceArns=[resource],
        )  # fmt: skip
        if found is None:
            # no finding: the deployer may lack the permission for this request to IAM
            asking.refused.pop("rights", None)
            return
        denied += [one["EvalActionName"] for one in found["EvaluationResults"] if one["EvalDecision"] != "allowed"]
    if denied:
        yield Finding(
            "rights", f"{principal} may not do {', '.join(denied)}. docs/deployer-policy.json is the policy that a "
            "deployer needs.",
        )  # fmt: skip
