"""Read the service authorisation tables that cfn-lint contains: which action accepts which kinds of resource.

An action that accepts no resource is allowed only by a statement on `*`.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from infra.local.roles.asked import Asked

CFN_LINT = Path(str(distribution("cfn-lint").locate_file("cfnlint"))) / "data"
ANYWHERE = "*"
HERE, STAGE = "eu-central-1:123456789012", "jobflow-prod"
OF_A_STAGE: Mapping[str, Mapping[str, str]] = {
    "apigateway": {
        "api": "arn:aws:apigateway:eu-central-1::/apis/a1b2c3d4e5",
        "apis": "arn:aws:apigateway:eu-central-1::/apis",
        "integration": "arn:aws:apigateway:eu-central-1::/apis/a1b2c3d4e5/integrations/1f2e",
        "route": "arn:aws:apigateway:eu-central-1::/apis/a1b2c3d4e5/routes/1f2e",
        "stage": "arn:aws:apigateway:eu-central-1::/apis/a1b2c3d4e5/stages/$default",
        "tags": "arn:aws:apigateway:eu-central-1::/tags/arn",
    },
    "cloudformation": {"stack": f"arn:aws:cloudformation:{HERE}:stack/{STAGE}/1f2e"},
    "cloudfront": {
        "function": f"arn:aws:cloudfront::123456789012:function/{STAGE}-paths-eu-central-1",
        **{
            kind: f"arn:aws:cloudfront::123456789012:{kind}/E1F2"
            for kind in ("distribution", "origin-access-control", "response-headers-policy")
        },
    },
    "cloudwatch": {
        "alarm": f"arn:aws:cloudwatch:{HERE}:alarm:{STAGE}-api-errors",
        "dashboard": f"arn:aws:cloudwatch::123456789012:dashboard/{STAGE}",
    },
    "codedeploy": {
        "application": f"arn:aws:codedeploy:{HERE}:application:{STAGE}-Application",
        "deploymentgroup": f"arn:aws:codedeploy:{HERE}:deploymentgroup:{STAGE}-Application/{STAGE}-Group",
        "deploymentconfig": f"arn:aws:codedeploy:{HERE}:deploymentconfig:CodeDeployDefault.LambdaAllAtOnce",
    },
    "dynamodb": {
        "table": f"arn:aws:dynamodb:{HERE}:table/{STAGE}-jobs",
        "index": f"arn:aws:dynamodb:{HERE}:table/{STAGE}-jobs/index/by-time",
        "backup": f"arn:aws:dynamodb:{HERE}:table/{STAGE}-jobs/backup/0123-ab",
        "stream": f"arn:aws:dynamodb:{HERE}:table/{STAGE}-jobs/stream/2027",
    },
    "events": {"rule-on-default-event-bus": f"arn:aws:events:{HERE}:rule/{STAGE}-watchdog"},
    "iam": {"role": f"arn:aws:iam::123456789012:role/{STAGE}-api"},
    "kms": {"key": f"arn:aws:kms:{HERE}:key/1f2e"},
    "lambda": {
        "function": f"arn:aws:lambda:{HERE}:function:{STAGE}-api",
        "function alias": f"arn:aws:lambda:{HERE}:function:{STAGE}-api:live",
        "eventsourcemapping": f"arn:aws:lambda:{HERE}:event-source-mapping:1f2e",
        "layerversion": f"arn:aws:lambda:{HERE}:layer:theirs:1",
    },
    "logs": {"log-group": f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{STAGE}-api:*"},
    "s3": {"bucket": f"arn:aws:s3:::{STAGE}-files-1", "object": f"arn:aws:s3:::{STAGE}-files-1/uploads/1"},
    "secretsmanager": {"secret": f"arn:aws:secretsmanager:{HERE}:secret:{STAGE}-first-AbCdEf"},
    "ses": {"identity": f"arn:aws:ses:{HERE}:identity/example.com"},
    "sns": {"topic": f"arn:aws:sns:{HERE}:{STAGE}-alarms"},
    "sqs": {"queue": f"arn:aws:sqs:{HERE}:{STAGE}-email-send"},
}
"""The resources of a stage, by kind."""
BESIDE = {
    "restapi": "arn:aws:apigateway:eu-central-1::/restapis/a1b2c3d4e5",
    "apimappings": "arn:aws:apigateway:eu-central-1::/domainnames/api.example.com/apimappings",
    "dataset": f"arn:aws:cloudwatch:{HERE}:dataset/default",
}
"""Resources that no present stage makes, which only an operation that names the kind reads."""


DATA_UNDER_A_KEY = frozenset(
    f"kms:{name}" for name in ("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "RevokeGrant")
)
"""Actions that a service requests with its caller's permissions, for data that is encrypted with a customer's key."""
VIA = {"kms:ViaService": ("dynamodb.eu-central-1.amazonaws.com",)}


@cache
def tables() -> dict[str, Any]:
    """Return the tables by service and then by action, in lower case."""
    found: dict[str, Any] = json.loads((CFN_LINT / "AdditionalSpecs" / "Policies.json").read_text())
    return found


def needs(action: str, kind: str = "") -> Iterator[Asked]:
    """Yield an action on all resources of a stage of the kinds that the action accepts (or of one `kind`); else on `*`.

    Raises KeyError for an action that does not exist, and ValueError for one that accepts nothing that a stage has.
    """
    service, _, name = action.partition(":")
    kinds = [kind] if kind else [one.lower() for one in tables()[service]["Actions"][name.lower()].get("Resources", [])]
    if not kinds:
        yield Asked(action, ANYWHERE)
        return
    places = {**OF_A_STAGE.get(service, {}), **(BESIDE if kind else {})}
    known = [places[one] for one in kinds if one in places]
    if not known:
        raise ValueError(f"{action} is about {kinds}")
    for resource in known:
        yield Asked(action, resource, VIA if action in DATA_UNDER_A_KEY else {})
