"""Apply CloudFormation's SAM transform to our template without AWS."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

REGION = "us-east-1"
CODE = "s3://somewhere/deployment.zip"
"""The transform refuses local paths; `deploy` puts the real place in."""


def translate(template: dict[str, Any], code: str = CODE) -> dict[str, Any]:
    """Return the template as plain CloudFormation; raises what the translator raises when it is wrong."""
    return translated(with_code(template, code))


def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose code is in its place as plain CloudFormation. The translator changes it."""
    # half a second of processor time, which no other command should spend
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # read, not made, by the translator: it wants a session only to know the partition
    session = boto3.Session(region_name=REGION)
    plain: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})
    return plain


def with_code(template: dict[str, Any], code: str | Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of the template in which every function's code is at `code`, or where that maps its zip to."""
    copy: dict[str, Any] = json.loads(json.dumps(template))
    for resource in copy["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            zipped = resource["Properties"].get("CodeUri", "")
            resource["Properties"]["CodeUri"] = code if isinstance(code, str) else code[zipped]
    return copy
