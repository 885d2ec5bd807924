"""Keep the REST API of an earlier version until the deployer asks to delete it.

A stage has an HTTP API. If a deployment deleted the REST API by itself, each producer that still calls the old address
would fail at once, and the undo of a failed smoke test could not give the address back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.shift import ALIAS_ID, at_once
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import Stack, names_of
from infra.definition.web.gateway import HANDLER

KIND = "AWS::ApiGateway::RestApi"
PARTS = (
    "RestAPI", "APIHandlerInvokePermission", "Authorize", "AuthorizeInvokePermission", "AuthorizerRole",
    "AuthorizerLogs",
)  # fmt: skip
"""The resources of a REST API and its authorizer."""
LOG_ROLE = ("GatewayLogsRole", "GatewayAccount")
"""The resources of the parameter `AccessLogsRole`. An undo would have to make them anew if they left the stack."""
MOST_MAPPINGS = "500"
UNKNOWN = "-"
"""A mapping about which API Gateway gives no answer: no permission, or a domain that is optimised for edges."""


@dataclass(frozen=True, slots=True)
class RestApi:
    """The REST API of the present stack: its id, its resources, and its settings. All are empty if there is none."""

    id: str = ""
    resources: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account, stack: Stack, *, shifts: bool = False) -> Self:
        """Return the REST API of the stack, as the last recorded deployment described it.

        `shifts`: the API's function will have an alias. Without one, the REST API calls the function itself.
        """
        ids, known = names_of(stack.resources(), KIND), history.read(account, stack.name)
        if not ids:
            return cls()
        if not known:
            return cls(ids[0])
        # without CodeDeploy, which would move the aliases of functions that do not change
        template = at_once(history.template(account, stack.name, known[-1].url))
        given = {
            one["ParameterKey"]: one.get("ParameterValue") for one in (stack.describe() or {}).get("Parameters", [])
        }
        parts = {name: template["Resources"][name] for name in (*PARTS, *LOG_ROLE) if name in template["Resources"]}
        for name in LOG_ROLE:
            # An earlier version makes it on a condition; a deployment that keeps it has no condition and no parameter.
            condition = parts.get(name, {}).get("Condition")
            if condition is None:
                continue
            if given.get("AccessLogsRole") == "true":
                parts[name] = {key: value for key, value in parts[name].items() if key != "Condition"}
            else:
                del parts[name]
        if not shifts:
            parts = {name: _direct(part) for name, part in parts.items()}
        return cls(ids[0], parts, template.get("Globals", {}).get("Api", {}))

    def mapping(self, account: Account, domain: str) -> str:
        """Return the id of the mapping by which a domain points to this REST API; empty if the domain does not."""
        if not (self.id and domain):
            return ""
        try:
            found = account.client("apigatewayv2").get_api_mappings(DomainName=domain, MaxResults=MOST_MAPPINGS)
        except ClientError as error:
            return "" if error.response["Error"]["Code"] == "NotFoundException" else UNKNOWN
        return next((one["ApiMappingId"] for one in found.get("Items", []) if one["ApiId"] == self.id), "")

    def stays(self, mapping: str, *, drop: bool) -> bool:
        """Return whether this deployment keeps the REST API; with `drop` it does not.

        Raises CloudError if a domain still points to an API that is to be dropped, and if nobody can describe the API:
        a deployment would delete it without being asked.
        """
        if not self.id:
            return False
        if drop:
            if mapping not in ("", UNKNOWN):
                raise CloudError(
                    f"A domain points to the REST API {self.id}. Move the domain first (docs/deploy/domains.md)."
                )
            return False
        if not self.resources:
            raise CloudError(
                f"The stage has the REST API {self.id}, and no recorded deployment describes it, so a deployment would "
                "delete it. If nothing calls its address any more, set DROP_REST_API=1."
            )
        return True


def _direct(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource that calls the API's function itself: with `ShiftTraffic=false` there is no alias any more."""
    text = json.dumps(resource).replace(f"${{{ALIAS_ID}}}", f"${{{HANDLER}.Arn}}")
    direct: dict[str, Any] = json.loads(text.replace(f'{{"Ref": "{ALIAS_ID}"}}', f'{{"Ref": "{HANDLER}"}}'))
    return direct


def beside(template: dict[str, Any], kept: RestApi) -> dict[str, Any]:
    """Return the template with the REST API beside the HTTP API. The function answers requests of both."""
    if not kept.resources:
        return template
    made = {**template, "Resources": {**kept.resources, **template["Resources"]}}
    return {**made, "Globals": {**template["Globals"], "Api": kept.settings}} if kept.settings else made


def sentences(kept: RestApi, outputs: Mapping[str, str], domain: str, mapping: str) -> list[str]:
    """Return what the deployer must do before the REST API goes. `outputs` are those of the stack."""
    api, new = outputs["ApiId"], outputs["EndpointURL"]
    told = (
        f"The API has the address {new}. The former one, of the REST API {kept.id}, still answers. Change it in "
        "what calls that one: producers, saved URLs, profiles (`jobflow login`), and what stands in front of the API, "
        "such as CloudFront. The stage's alarms watch the new address only. When nothing calls the former address any "
        "more, deploy with DROP_REST_API=1."
    )
    move = f"aws apigatewayv2 update-api-mapping --domain-name {domain} --api-id {api} --stage '$default'"
    unknown = (
        f"Nobody could tell where {domain} points to. `aws apigatewayv2 get-api-mappings --domain-name {domain}` lists "
        f"its mappings; move the one of {kept.id} with `{move} --api-mapping-id …`. An HTTP API needs a regional "
        "domain: replace a domain that is optimised for edges first (docs/deploy/domains.md)."
    )
    known = (
        f"{domain} still points to the REST API. Move it without an interruption: `{move} --api-mapping-id {mapping}`."
    )
    return [told, *([unknown] if mapping == UNKNOWN else [known] if mapping else [])]
