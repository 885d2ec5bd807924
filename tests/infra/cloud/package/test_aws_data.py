"""Check that the package's descriptions of AWS services contain what functions call, exactly as in botocore."""

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.session import Session

from chalicelib.adapters import aws
from chalicelib.adapters.aws import AWS_DATA, SMALL
from infra.cloud.package import aws_data
from tests.support import built_in

SOME = {"dynamodb": {"GetItem", "BatchGetItem", "Query"}, "sqs": {"SendMessageBatch", "DeleteMessageBatch"}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in the package."""
    files = tmp_path_factory.mktemp("files")
    aws_data.write(files, built_in())
    return files / AWS_DATA


def model(service: str, loader: Loader) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def small(data: Path) -> Loader:
    return Loader(extra_search_paths=[str(data)], include_default_search_paths=False)


def described(shape: Shape | None, seen: tuple[str, ...] = ()) -> Any:
    """Return a shape with its content, which determines how it is written and read."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    inner = {
        name: described(member, (*seen, shape.name)) for name, member in getattr(shape, "members", {}).items()
    } | {
        part: described(getattr(shape, part), (*seen, shape.name))
        for part in ("member", "key", "value") if hasattr(shape, part)
    }  # fmt: skip
    return shape.name, shape.type_name, dict(shape.serialization), dict(shape.metadata), inner


@pytest.mark.parametrize("service", sorted(SMALL))
def test_every_operation_that_a_function_may_call_is_as_botocore_has_it(data: Path, service: str) -> None:
    ours, whole = model(service, small(data)), model(service, Loader())
    wanted = set(aws_data.operations(service, built_in())) & set(whole.operation_names)
    assert set(ours.operation_names) == wanted
    assert SOME[service] <= wanted
    assert ours.metadata == whole.metadata
    for name in wanted:
        mine, theirs = ours.operation_model(name), whole.operation_model(name)
        assert described(mine.input_shape) == described(theirs.input_shape)
        assert described(mine.output_shape) == described(theirs.output_shape)
        assert [error.name for error in mine.error_shapes] == [error.name for error in theirs.error_shapes]


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", sorted(SMALL))
def test_endpoints_are_botocores(data: Path, service: str, region: str) -> None:
    session = Session()
    session.register_component("data_loader", small(data))
    urls = [one.create_client(service, region, aws_access_key_id="a", aws_secret_access_key="b").meta.endpoint_url
            for one in (session, Session())]  # fmt: skip
    assert urls[0] == urls[1]


@pytest.fixture
def there(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data beside the code, as in a package; with new clients."""
    monkeypatch.setattr(aws, "_data", lambda: data)
    for made in (aws._client, aws._session):
        made.cache_clear()
        monkeypatch.setattr(aws, made.__wrapped__.__name__, made)
    return data


def test_a_package_makes_its_clients_from_it(there: Path) -> None:
    client = aws.client("dynamodb", "eu-west-1")
    assert set(client.meta.service_model.operation_names) == set(model("dynamodb", small(there)).operation_names)
    assert not hasattr(client, "scan")
    assert hasattr(aws.client("s3", "eu-west-1"), "put_object")


@pytest.mark.parametrize("gone", ["endpoints.json", "partitions.json", "sdk-default-configuration.json", "dynamodb"])
def test_a_botocore_that_wants_more_uses_its_own(
    there: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gone: str
) -> None:
    for path in there.rglob("*.json"):
        if gone not in path.relative_to(there).parts:
            (tmp_path / path.relative_to(there)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path.relative_to(there)).write_bytes(path.read_bytes())
    monkeypatch.setattr(aws, "_data", lambda: tmp_path)
    assert hasattr(aws.client("dynamodb", "eu-west-1"), "scan")
