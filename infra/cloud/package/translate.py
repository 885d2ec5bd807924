"""Apply CloudFormation's SAM transform to our template without AWS."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3

REGION = "us-east-1"
CODE = "s3://somewhere/deployment.zip"
"""A placeholder for the location of the code: the transform refuses local paths. `deploy` sets the real location."""


def translate(template: dict[str, Any], code: str = CODE) -> dict[str, Any]:
    """Return the template as plain CloudFormation; raises the translator's error if it is wrong."""
    return translated(with_code(template, code))


def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template with final code locations as plain CloudFormation. The translator changes its argument."""
    # import it here: the import takes half a second of processor time, and no other command needs it
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # the translator needs a session only to read the partition
    session = boto3.Session(region_name=REGION)
    plain: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(template, {})
    return plain


def for_tools(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template as plain CloudFormation for tools that run no transform, such as CDK's CfnInclude.

    The bucket of the zips is the parameter CodeBucket. The key of `deployment.zip` is the parameter DeploymentKey.
    Parameters for the other zips are named in the same way: the key of `report-pdf.zip` is ReportPdfKey.
    """
    zips = sorted({properties["CodeUri"] for properties in _functions(template)})
    keys = {name: "".join(word.capitalize() for word in Path(name).stem.split("-")) + "Key" for name in zips}
    bucket = {"Ref": "CodeBucket"}
    plain = translated(with_code(template, {name: {"Bucket": bucket, "Key": {"Ref": keys[name]}} for name in zips}))
    described = {"CodeBucket": "The bucket with the zips"}
    described |= {key: f"The key of {Path(name).name} in CodeBucket" for name, key in keys.items()}
    plain["Parameters"] |= {name: {"Type": "String", "Description": text} for name, text in described.items()}
    return plain


def _functions(template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kinds = template["Resources"].values()
    return (resource["Properties"] for resource in kinds if resource["Type"] == "AWS::Serverless::Function")


def with_code(template: dict[str, Any], code: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the template with the functions' code at `code`: one location, or one for each zip's name."""
    copy: dict[str, Any] = json.loads(json.dumps(template))
    for properties in _functions(copy):
        zipped = properties.get("CodeUri", "")
        properties["CodeUri"] = code if isinstance(code, str) else code[zipped]
    return copy
