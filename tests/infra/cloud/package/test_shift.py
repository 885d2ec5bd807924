"""Check that with `ShiftTraffic` a new version of the API gets a tenth of the requests first.

Without it, nothing differs.
"""

import json
from typing import Any

import pytest

from infra.cloud.package.shift import ALIAS, ALIAS_ID, HOW, at_once, shifted
from infra.cloud.package.translate import CODE, translate, with_code
from infra.cloud.stack.monitoring import TRIGGERS
from tests.infra.cloud.rights.test_deployer_policy import NOT_USED, allowed, asked
from tests.infra.cloud.support import decided, of_type

STACK = "jobflow-prod"
ON = {"ShiftTraffic": "true"}


def deployed(sam: dict[str, Any], code: str = CODE, ringing: tuple[str, ...] = (), **values: str) -> dict[str, Any]:
    """Return the template that `deploy` passes to CloudFormation."""
    return shifted(with_code(sam, code), {**ON, **values}, STACK, TRIGGERS, ringing)


@pytest.fixture(scope="module")
def made(sam: dict[str, Any]) -> dict[str, Any]:
    """The stack of a stage with `ShiftTraffic`, as CloudFormation creates it."""
    return translate(deployed(sam))


def versions(template: dict[str, Any]) -> set[str]:
    return {name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Lambda::Version"}


def test_a_stage_that_does_not_say_so_is_as_it_was(sam: dict[str, Any], template: dict[str, Any]) -> None:
    assert deployed(sam, ShiftTraffic="false") == with_code(sam, CODE)
    assert not [r for r in template["Resources"].values() if "CodeDeploy" in r["Type"] or r["Type"].endswith("Alias")]


def test_every_request_goes_through_the_alias(made: dict[str, Any]) -> None:
    (integration,) = of_type(made, "AWS::ApiGatewayV2::Integration").values()
    assert integration["IntegrationUri"] == {"Ref": ALIAS_ID}
    assert made["Resources"]["HttpApiPermission"]["Properties"]["FunctionName"] == {"Ref": ALIAS_ID}
    assert made["Resources"][ALIAS_ID]["Properties"]["Name"] == ALIAS


def test_codedeploy_moves_it_and_goes_back_when_an_alarm_rings(made: dict[str, Any]) -> None:
    ((name, group),) = of_type(made, "AWS::CodeDeploy::DeploymentGroup").items()
    policy = made["Resources"][ALIAS_ID]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert policy["DeploymentGroupName"] == {"Ref": name}
    assert group["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": HOW}
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    alarms = [made["Resources"][one["Name"]["Ref"]] for one in group["AlarmConfiguration"]["Alarms"]]
    assert [alarm["Properties"]["AlarmName"] for alarm in alarms] == [f"{STACK}-{kind}" for kind in TRIGGERS]


def test_an_alarm_that_rings_already_does_not_stop_its_own_repair(sam: dict[str, Any]) -> None:
    made = translate(deployed(sam, ringing=TRIGGERS[:2]))
    for group in of_type(made, "AWS::CodeDeploy::DeploymentGroup").values():
        assert len(group["AlarmConfiguration"]["Alarms"]) == len(TRIGGERS) - 2
    all_of_them = translate(deployed(sam, ringing=TRIGGERS))
    for group in of_type(all_of_them, "AWS::CodeDeploy::DeploymentGroup").values():
        assert not group.get("AlarmConfiguration")


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "s3://somewhere/other.zip"}, {"RateLimitMax": "7"}, {"LogLevel": "DEBUG"}, {"CursorSecret": "x" * 32},
    ],
)  # fmt: skip
def test_what_a_version_is_made_of_makes_a_new_one(sam: dict[str, Any], changed: dict[str, Any]) -> None:
    before, after = translate(deployed(sam)), translate(deployed(sam, **changed))
    assert len(versions(after)) == 1
    assert not versions(before) & versions(after)
    # Lambda refuses a version that equals the last one, so SAM also writes the text into the function
    functions = [of_type(each, "AWS::Lambda::Function")["APIHandler"]["Description"] for each in (before, after)]
    assert functions[0] != functions[1]


@pytest.mark.parametrize(
    "changed", [{}, {"AlarmEmail": "a@example.com"}, {"CursorSecret": "****"}, {"Protect": "true"}]
)
def test_nothing_else_does(sam: dict[str, Any], changed: dict[str, str]) -> None:
    assert versions(translate(deployed(sam, CODE, (), **changed))) == versions(translate(deployed(sam)))


def test_the_way_back_is_one_step(sam: dict[str, Any]) -> None:
    back = translate(at_once(deployed(sam)))
    assert not [r for r in back["Resources"].values() if "CodeDeploy" in r["Type"] or "UpdatePolicy" in r]
    assert versions(back) == versions(translate(deployed(sam)))
    assert at_once(with_code(sam, CODE)) == with_code(sam, CODE)


def test_codedeploys_role_moves_these_two_aliases_alone(made: dict[str, Any]) -> None:
    role = decided(made, PermissionsBoundary="arn:x", RolePath="/team/")["Resources"]["ShiftingRole"]["Properties"]
    assert (role["PermissionsBoundary"], role["Path"]) == ({"Ref": "PermissionsBoundary"}, {"Ref": "RolePath"})
    assert "ManagedPolicyArns" not in role
    moving, looking = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert "lambda:UpdateAlias" in moving["Action"]
    assert [each["Fn::Sub"].partition(":function:")[2] for each in moving["Resource"]] == [
        f"{STACK}-api", f"{STACK}-api:{ALIAS}",
    ]  # fmt: skip
    assert looking["Action"] == "cloudwatch:DescribeAlarms"


def test_the_deployer_may_make_it(made: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in made["Resources"].values()}
    assert {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup", "AWS::Lambda::Alias"} <= kinds
    actions = {action for kind in kinds for action in asked(kind)}
    assert [
        a for a in sorted(actions) if not allowed(a) and not any(a.startswith(n.rstrip("*")) for n in NOT_USED)
    ] == []
    # called by CloudFormation to move an alias, but not listed in its schemas
    for action in ("CreateDeployment", "GetDeployment", "StopDeployment", "GetDeploymentConfig"):
        assert allowed(f"codedeploy:{action}")


def test_no_secret_is_written_into_it(sam: dict[str, Any]) -> None:
    assert "hunter2" not in json.dumps(deployed(sam, CursorSecret="hunter2" * 5))
