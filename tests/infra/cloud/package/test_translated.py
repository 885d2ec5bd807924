"""Test the template for tools without the SAM transform."""

from typing import Any

from infra.cloud.package.translate import for_tools


def test_it_is_plain_cloudformation_whose_code_is_where_its_parameters_say(sam: dict[str, Any]) -> None:
    own = {**sam, "Resources": dict(sam["Resources"])}
    worker = next(
        name for name, one in own["Resources"].items() if name.startswith("EmailSend") and "Function" in one["Type"]
    )
    properties = {**own["Resources"][worker]["Properties"], "CodeUri": "email-send.zip"}
    own["Resources"][worker] = {**own["Resources"][worker], "Properties": properties}
    plain = for_tools(own)
    assert "Transform" not in plain
    assert not [one for one in plain["Resources"].values() if one["Type"].startswith("AWS::Serverless")]
    assert {"CodeBucket", "DeploymentKey", "EmailSendKey"} <= plain["Parameters"].keys()
    code = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "EmailSendKey"}}
    assert plain["Resources"][worker]["Properties"]["Code"] == code
    others = [
        one for name, one in plain["Resources"].items() if one["Type"] == "AWS::Lambda::Function" and name != worker
    ]
    assert {str(one["Properties"]["Code"]["S3Key"]) for one in others} == {"{'Ref': 'DeploymentKey'}"}
