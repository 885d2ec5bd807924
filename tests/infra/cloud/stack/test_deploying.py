"""Test the decisions of deploy: parameters, the diff, which changes may lose data, and how files are served."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.cloud.account import sign_in
from infra.cloud.errors import CloudError
from infra.cloud.stack import parameters, website
from infra.cloud.stack.changes import read, summary
from infra.cloud.stack.website import ALWAYS_ASK, FOREVER, config, files

DECLARED = ["MailFrom", "CursorSecret", "RateLimitMax"]


def change(action: str, logical_id: str, kind: str, replacement: str = "False", *names: str) -> dict[str, Any]:
    details = [{"Target": {"Attribute": "Properties", "Name": name}} for name in names]
    entry = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, "Details": details}
    return {"Type": "Resource", "ResourceChange": {**entry, "Replacement": replacement}}


def by_name(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {value["ParameterKey"]: value.get("ParameterValue", value.get("UsePreviousValue")) for value in values}


def test_new_stack_gets_a_secret_of_its_own() -> None:
    first, second = (by_name(parameters.choose(DECLARED, {}, [])) for _ in range(2))
    assert set(first) == {"CursorSecret"}
    assert len(first["CursorSecret"]) >= 32
    assert first != second


def test_known_stack_keeps_what_is_not_given() -> None:
    chosen = by_name(parameters.choose(DECLARED, {"RateLimitMax": "5"}, DECLARED))
    assert chosen == {"MailFrom": True, "CursorSecret": True, "RateLimitMax": "5"}
    came_with_an_update = by_name(parameters.choose(DECLARED, {}, ["MailFrom", "CursorSecret"]))
    assert came_with_an_update == {"MailFrom": True, "CursorSecret": True}


def test_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(CloudError, match="no parameter Mail; there are: MailFrom, CursorSecret"):
        parameters.choose(DECLARED, {"Mail": "x"}, [])


def test_assignments_are_read() -> None:
    assert parameters.parse(["MailFrom=a@example.com", "AlarmEmail="]) == {
        "MailFrom": "a@example.com",
        "AlarmEmail": "",
    }
    with pytest.raises(CloudError, match="Name=value"):
        parameters.parse(["MailFrom"])


def test_diff_puts_what_hurts_first() -> None:
    found = read(
        [
            change("Add", "Alarm", "AWS::CloudWatch::Alarm"),
            change("Modify", "Function", "AWS::Lambda::Function", "False", "Code", "Environment"),
            change("Remove", "OldQueue", "AWS::SQS::Queue"),
            change("Modify", "Role", "AWS::IAM::Role", "True", "RoleName"),
        ]
    )
    assert [c.logical_id for c in found] == ["OldQueue", "Role", "Function", "Alarm"]
    assert found[0].line().startswith("- OldQueue")
    assert "LOSES DATA" in found[0].line()
    assert "Code, Environment" in found[2].line()
    assert summary(found) == "1 added, 1 changed, 1 replaced, 1 removed."
    assert summary([]) == "No changes."


@pytest.mark.parametrize(
    ("entry", "loses"),
    [
        (change("Modify", "Jobs", "AWS::DynamoDB::Table", "True", "KeySchema"), True),
        (change("Modify", "Jobs", "AWS::DynamoDB::Table", "Conditional", "TableName"), True),
        (change("Modify", "Jobs", "AWS::DynamoDB::Table", "Conditional", "GlobalSecondaryIndexes"), False),
        (change("Modify", "Files", "AWS::S3::Bucket", "Conditional", "CorsConfiguration"), False),
        (change("Modify", "Jobs", "AWS::DynamoDB::Table", "False", "StreamSpecification"), False),
        (change("Remove", "Files", "AWS::S3::Bucket"), True),
        (change("Remove", "Role", "AWS::IAM::Role"), False),
        (change("Add", "Files", "AWS::S3::Bucket"), False),
    ],
)
def test_what_loses_data(entry: dict[str, Any], loses: bool) -> None:
    assert [c.loses_data for c in read([entry])] == [loses]


def test_site_files_are_cached_as_long_as_they_can_be(tmp_path: Path) -> None:
    for name in ("index.html", "assets/app-3f2a.js", "assets/app-91.css", "favicon.svg", "config.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = {file.key: file for file in files(tmp_path)}
    assert list(found)[-1] == "index.html"
    assert "config.json" not in found
    assert found["assets/app-3f2a.js"].cache == FOREVER
    assert found["assets/app-3f2a.js"].content_type.startswith("text/javascript")
    assert found["index.html"].cache == found["favicon.svg"].cache == ALWAYS_ASK


def test_dashboard_is_told_where_the_api_is() -> None:
    made = json.loads(config({"ApiUrl": "https://x.example/api"}, "prod", "eu-central-1"))
    assert made == {"apiUrl": "https://x.example/api", "stage": "prod", "region": "eu-central-1"}


def test_missing_node_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CloudError, match=r"Node 20\.19 .* --no-dashboard"):
        website.build(tmp_path)


def test_console_of_an_installed_platform_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").touch()
    assert website.build(tmp_path) == tmp_path / "dist"


@pytest.mark.parametrize("version", ["v18.20.0", "v20.18.3"])
def test_old_node_is_said(version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CloudError, match=f"{re.escape(version)} is too old"):
        website.build(tmp_path)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without any AWS configuration."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return monkeypatch


REGION, KEYS = {"AWS_DEFAULT_REGION": "eu-central-1"}, {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "No region is set"),
        ({"AWS_REGION": "eu-central-1"}, "No AWS credentials"),
        (REGION, r"No AWS credentials .* `aws sso login`"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
        ({**REGION, **KEYS, "AWS_MAX_ATTEMPTS": "1"}, "cannot be reached"),
    ],
    ids=["no region", "either name of it", "no credentials", "unknown profile", "unreachable"],
)
def test_what_keeps_from_signing_in_is_said(nobody: pytest.MonkeyPatch, given: dict[str, str], told: str) -> None:
    for name, value in given.items():
        nobody.setenv(name, value)
    with pytest.raises(CloudError, match=told):
        sign_in()
