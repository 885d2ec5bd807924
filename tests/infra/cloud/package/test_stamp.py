"""A parameter that the API's description depends on makes a new deployment of the API; any other one makes none."""

from typing import Any

import pytest

from infra.cloud.package.stamp import stamped
from infra.cloud.package.translate import translate
from tests.infra.cloud.support import of_type


def deployment(sam: dict[str, Any], **values: str) -> str:
    (found,) = of_type(translate(stamped(sam, values)), "AWS::ApiGateway::Deployment")
    return found


@pytest.mark.parametrize("name", ["SiteDomain", "Dashboard"])
def test_a_changed_origin_makes_a_new_deployment(sam: dict[str, Any], name: str) -> None:
    assert deployment(sam, **{name: "one.example"}) != deployment(sam, **{name: "two.example"})


@pytest.mark.parametrize("name", ["CursorSecret", "AlarmEmail", "RateLimitMax"])
def test_what_the_description_does_not_depend_on_makes_none(sam: dict[str, Any], name: str) -> None:
    assert deployment(sam, **{name: "1"}) == deployment(sam, **{name: "2"})


def test_no_secret_is_written_into_it(sam: dict[str, Any]) -> None:
    body = {"info": {}, "paths": [{"Ref": "Key"}, {"Fn::Sub": "${Open}"}]}
    secretive = stamped(
        {
            "Parameters": {"Key": {"NoEcho": True}, "Open": {"Default": "7"}},
            "Resources": {"RestAPI": {"Properties": {"DefinitionBody": body}}},
        },
        {"Key": "hunter2"},
    )
    assert (
        secretive["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["info"]["description"] == "Made with Open=7"
    )
