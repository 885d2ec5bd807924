"""Test which templates in `dev/` the emulator accepts, and the sentences about the others."""

from pathlib import Path

import pytest

from infra.local import resources, templates
from infra.local.errors import CannotRun

GOOD = """
Parameters:
  Name: {Type: String, Default: archive}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub "${AWS::StackName}-orders"}
  Archive:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name}
"""


def test_tables_and_buckets_are_taken() -> None:
    assert templates.problem(GOOD) is None
    assert (
        templates.problem('{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}') is None
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources: [", "neither YAML nor JSON"),
        ("", "has Resources"),
        ("just words", "has Resources"),
        ("Resources: {}", "has Resources"),
        ("Resources: {T: {Type: 'AWS::SNS::Topic'}}", r"T \(AWS::SNS::Topic\)"),
        ("Resources: {T: {Type: []}}", r"T \(\[\]\)"),
        ("Resources: {T: 7}", r"T \(no resource\)"),
        ("Resources: {S: {Type: 'AWS::SecretsManager::Secret'}}", r"\.env"),
        ("Resources: {T: {Type: 'AWS::DynamoDB::Table'}}", "T needs a TableName"),
        (GOOD.replace(", Default: archive", ""), "parameters Name need a Default"),
    ],
)
def test_another_template_is_refused_with_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "orders.yaml").write_text(text)
    with pytest.raises(CannotRun, match=f"dev/orders.yaml: .*{said}"):
        templates.deploy(tmp_path, "jobflow-dev", {})


def test_files_that_editors_lay_beside_a_template_are_no_templates(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    (folder / "folder.yaml").mkdir(parents=True)
    (folder / "orders.yaml").write_text(GOOD)
    (folder / ".orders.yaml").write_text("")
    (folder / ".#orders.yaml").symlink_to("me@laptop.4711:1")  # a lock file of Emacs
    (folder / "gone.yaml").symlink_to("nowhere")
    assert list(templates.files(tmp_path)) == [folder / "orders.yaml"]


def test_files_with_similar_names_have_stacks_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(resources, "deploy_template", lambda _text, stack, _aws: made.append(stack))
    (tmp_path / "dev").mkdir()
    for name in ("jobs-data.yaml", "jobs_data.yaml", "jobs.yaml"):
        (tmp_path / "dev" / name).write_text(GOOD)
    templates.deploy(tmp_path, "jobflow-dev", {})
    assert len(set(made)) == 3


def test_without_the_folder_there_is_nothing_to_make(tmp_path: Path) -> None:
    templates.deploy(tmp_path, "jobflow-dev", {})
    assert templates.files(tmp_path) == {}
