"""`python -m infra.cloud token`: who has access to a stage, told as it is."""

import json

import boto3
import pytest

from chalicelib.access.tokens import Role, Token
from chalicelib.settings import Settings
from infra.cloud.__main__ import line_of, main
from tests.support import REGION, T0

DAY = 86_400.0


@pytest.fixture
def stage(cloud: Settings) -> list[str]:
    """A stage whose stack names the tables that are there; the arguments that every command ends with."""
    outputs = {"ControlTableName": {"Value": cloud.control_table}, "JobsTableName": {"Value": cloud.jobs_table}}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    stacks = boto3.client("cloudformation", region_name=REGION)
    stacks.create_stack(StackName="jobflow-prod", TemplateBody=json.dumps(template))
    return ["--stage", "prod"]


def test_a_token_is_issued_listed_and_revoked(stage: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "issue", *stage, "--role", "operator", "--label", "billing", "--days", "7"]) == 0
    text = capsys.readouterr().out.strip()
    assert text.startswith("jf_")
    assert main(["token", "list", *stage]) == 0
    listed = capsys.readouterr().out
    assert ("operator" in listed, "works" in listed, "billing" in listed, text in listed) == (True, True, True, False)
    assert main(["token", "revoke", *stage, "--id", listed.split()[0]]) == 0
    assert main(["token", "list", *stage]) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf"])
def test_a_token_for_no_time_is_refused_and_does_not_work_for_ever(
    stage: list[str], days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "issue", *stage, "--label", "billing", "--days", days]) == 1
    assert "positive" in capsys.readouterr().err
    assert main(["token", "list", *stage]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("expires", "revoked", "told"),
    [(None, None, "works"), (T0 + 1, None, "works"), (T0, None, "expired"), (T0, T0 - DAY, "revoked")],
)
def test_a_token_is_shown_as_it_is(expires: float | None, revoked: float | None, told: str) -> None:
    token = Token("f" * 64, Role.VIEWER, "a label", T0 - 2 * DAY, expires, revoked)
    assert line_of(token, T0).split() == ["f" * 16, "viewer", "2027-01-13", told, "a", "label"]
