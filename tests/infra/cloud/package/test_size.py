"""A template that CloudFormation would not take for its size is refused before anything is uploaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.package.size import check_size, compact
from infra.cloud.stack import artifacts
from tests.infra.cloud.large import packaged


def grown(template: dict[str, Any], to: int) -> dict[str, Any]:
    """Return the template with a worker whose environment makes it so many bytes."""
    copy: dict[str, Any] = json.loads(compact(template))
    name = next(name for name, one in copy["Resources"].items() if name.endswith("XFunction") or "xFunction" in name)
    variables = copy["Resources"][name]["Properties"]["Environment"]["Variables"]
    variables["LARGE"] = ""
    variables["LARGE"] = "v" * (to - len(compact(copy)))
    return copy


@pytest.fixture(scope="module")
def sixty(sam: dict[str, Any]) -> dict[str, Any]:
    return packaged(sam, 60, reach=True)


def test_the_largest_stack_that_is_promised_is_taken_and_left_as_it_is(sixty: dict[str, Any]) -> None:
    text = compact(sixty)
    check_size(sixty)
    assert compact(sixty) == text


@pytest.mark.parametrize(
    ("size", "told"), [(1_000_100, " bytes, and"), (980_000, " bytes after the SAM transform, and")]
)
def test_one_that_is_too_large_names_the_parts_to_make_smaller(sixty: dict[str, Any], size: int, told: str) -> None:
    with pytest.raises(
        CloudError, match=r"takes 1,000,000\. The largest parts: \w*Function .* several stages"
    ) as error:
        check_size(grown(sixty, size))
    assert told in str(error.value)


def test_one_with_too_many_resources_after_the_transform_names_their_kinds(sam: dict[str, Any]) -> None:
    many = packaged(sam, 60)
    topics = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(60)}
    many["Resources"] |= topics
    with pytest.raises(
        CloudError, match=r"5\d\d resources after the SAM transform .*, and CloudFormation takes 500\. Leave"
    ):
        check_size(many)


def test_nothing_is_uploaded_of_it(account: Account, tmp_path: Path) -> None:
    resources = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(501)}
    (tmp_path / "sam.json").write_text(json.dumps({"Parameters": {}, "Resources": resources}))
    (tmp_path / "deployment.zip").write_bytes(b"code")
    with pytest.raises(CloudError, match="501 resources"):
        artifacts.upload(account, Package(tmp_path / "deployment.zip", tmp_path / "sam.json", "jobflow-big"), {}, {})
    assert account.client("s3").list_buckets()["Buckets"] == []
