"""Check that an acceptance tests each promise separately and always destroys its stage.

It records no emulator's result.
"""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from infra.cloud.acceptance.promises import BROKEN, KEPT, LEFT_OUT, Promise, Result, check
from infra.cloud.acceptance.stand import NotKept, NotTried, Stand
from infra.cloud.account import Account
from infra.cloud.commands import acceptance
from infra.cloud.commands.acceptance import Acceptance
from infra.cloud.commands.destroy import Destruction
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from scripts.documents.values import accepted

ACCOUNT = Account(boto3.Session("x", "x", region_name="eu-west-1"), "123456789012", "eu-west-1")


def kept(stand: Stand) -> str:
    stand.made += 10
    return "ten jobs"


def broken(_: Stand) -> str:
    raise NotKept("it was otherwise")


def left_out(_: Stand) -> str:
    raise NotTried("there is none")


def refused(_: Stand) -> str:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetItem")


def stand() -> Stand:
    return Stand(ACCOUNT, Stack(ACCOUNT, "jobflow-try"), {}, [])


def test_one_that_is_not_kept_keeps_no_other_from_being_checked() -> None:
    promises = [Promise(one.__name__, one.__name__, one) for one in (broken, left_out, refused, kept)]
    found = list(check(stand(), promises))
    assert [one.state for one in found] == [BROKEN, LEFT_OUT, BROKEN, KEPT]
    assert "AccessDenied" in found[2].seen
    assert [one.dollars > 0 for one in found] == [False, False, False, True]


@pytest.mark.parametrize("fails", [None, CloudError("refused"), KeyboardInterrupt()])
def test_the_stage_is_destroyed_whatever_happens(fails: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> None:
    destroyed: list[str] = []
    monkeypatch.setattr(Stack, "describe", lambda _: None)

    def destroy(one: Destruction) -> list[str]:
        destroyed.append(one.confirmed)
        return ["arn:aws:sqs:x"]

    monkeypatch.setattr(Destruction, "run", destroy)

    def deploy(_: object) -> dict[str, str]:
        if fails is not None:
            raise fails
        return {}

    said = io.StringIO()
    run = Acceptance(
        ACCOUNT, Stack(ACCOUNT, "jobflow-try"), Terminal(Console(file=said, width=200)), [], deploy,
        promises=[Promise("kept", "ten jobs end", kept)],
    )  # fmt: skip
    if fails is None:
        assert [one.state for one in run.run()] == [KEPT, BROKEN], "what is left is a broken promise"
        assert "kept: ten jobs end | ten jobs | 0 s | $0.0001" in said.getvalue()
    else:
        with pytest.raises(type(fails)):
            run.run()
    assert destroyed == ["jobflow-try"]


@pytest.mark.parametrize("stage", ["prod", "there"])
def test_production_and_a_stage_that_is_there_are_refused(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "describe", lambda one: {} if one.name == "jobflow-there" else None)
    monkeypatch.setattr(Destruction, "run", lambda _: pytest.fail("it destroyed the stage"))
    run = Acceptance(ACCOUNT, Stack(ACCOUNT, f"jobflow-{stage}"), Terminal(), [], lambda _: {})
    with pytest.raises(CloudError, match="Name one that is not there"):
        run.run()


def test_the_page_shows_the_last_real_result_or_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "acceptance.json"
    assert accepted(record) == "never run"

    results, now = [Result("it works", KEPT, "so", 3.2, 0.1)], datetime(2027, 1, 2, tzinfo=UTC)
    found = acceptance.recorded(ACCOUNT, results, now, tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(CloudError, match="AWS_ENDPOINT_URL"):
        acceptance.write(record, found)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    acceptance.write(record, found)
    assert json.loads(record.read_text())["region"] == "eu-west-1"
    shown = accepted(record)
    assert "2027-01-02, eu-west-1" in shown
    assert "| it works | kept: so | 3 | 0.1000 |" in shown
