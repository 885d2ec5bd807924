"""Test that what a command does is in the stage's audit log, and that a deployment is made even if it cannot be."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from chalicelib.access.tokens import MemoryTokenStore, Role, Tokens
from chalicelib.audit.actions import ACTIONS
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.rule import Entry, Which
from chalicelib.errors import NotAudited, TokenNotFound
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.commands.rollback import Former, rollback
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import HERE, REMOVE, Command, RecordedTokens, acting
from tests.chalicelib.audit.test_hanging import Hanging, hanging
from tests.infra.cloud.commands.test_rollback import Refusing
from tests.infra.cloud.commands.test_trial import Stage
from tests.infra.cloud.stack.test_monitoring import NAME
from tests.infra.cloud.support import terminal_of
from tests.support import SETTINGS

__all__ = ["hanging"]
ARN = "arn:aws:sts::123456789012:assumed-role/admin/ada"


class Down(MemoryAudit):
    """A table that refuses everything."""

    def begin(self, entry: Entry) -> None:
        raise TimeoutError


def told(log: MemoryAudit) -> list[tuple[str, str, str, str]]:
    found = sorted(log.entries.values(), key=lambda one: one.at)
    return [(one.action, one.target, one.principal, one.outcome) for one in found]


def test_each_token_that_is_issued_rotated_or_revoked_is_recorded_without_its_text() -> None:
    log = MemoryAudit()
    tokens = RecordedTokens(MemoryTokenStore(), log, print, ARN)
    text, token = tokens.issue(Role.ADMIN, "ada", by=ARN)
    time.sleep(0.002)
    secret, _ = tokens.rotate(token.id, 60, by=ARN)
    time.sleep(0.002)
    tokens.revoke(token.id, ARN)
    time.sleep(0.002)
    with pytest.raises(TokenNotFound):
        tokens.revoke("0" * 16)
    assert told(log) == [
        ("token.issue", token.id, ARN, "done"), ("token.rotate", token.id, ARN, "done"),
        ("token.revoke", token.id, ARN, "done"),
        ("token.revoke", "0" * 16, ARN, "refused"),
    ]  # fmt: skip
    assert not [one for one in (text, secret) if one in str(log.entries)]
    local = MemoryAudit()
    RecordedTokens(MemoryTokenStore(), local, print).issue(Role.VIEWER, "a local viewer")
    assert [one[2] for one in told(local)] == [HERE]


def test_no_token_is_issued_if_it_cannot_be_recorded() -> None:
    tokens = RecordedTokens(MemoryTokenStore(), Down(), print, ARN)
    with pytest.raises(NotAudited):
        tokens.issue(Role.ADMIN, "ada")
    assert tokens.list() == []


def test_a_token_is_revoked_also_if_this_cannot_be_recorded() -> None:
    store, said = MemoryTokenStore(), list[str]()
    _, token = RecordedTokens(store, MemoryAudit(), print, ARN).issue(Role.ADMIN, "ada")
    RecordedTokens(store, Down(), said.append, ARN).revoke(token.id)
    [after] = Tokens(store).list()
    assert after.revoked_at is not None
    assert len(said) == 1


def test_a_deployment_is_recorded_also_the_first_one_and_one_that_fails() -> None:
    log, said = MemoryAudit(), list[str]()
    made: list[Callable[[], MemoryAudit]] = []

    def found() -> MemoryAudit:
        if not made:
            raise CloudError("There is no such stack.")
        return log

    with acting(found, Command.DEPLOY, NAME, ARN, said.append, "v1"):
        made.append(found)  # the first deployment makes the table
    time.sleep(0.002)

    def undone() -> None:
        with acting(found, Command.DEPLOY, NAME, ARN, said.append, "v2"):
            assert told(log)[-1][-1] == "begun"
            raise CloudError("UPDATE_ROLLBACK_COMPLETE")

    with pytest.raises(CloudError):
        undone()
    assert told(log) == [("stage.deploy", NAME, ARN, "done"), ("stage.deploy", NAME, ARN, "failed")]
    assert [one.version for one in log.page(Which(), 9, time.time()).rows] == ["v2", "v1"]
    assert said == []


def test_a_deployment_that_cannot_be_recorded_is_made_and_says_so() -> None:
    said, done = list[str](), []
    with acting(Down, Command.DEPLOY, NAME, ARN, said.append, "v1"):
        done.append(1)
    assert done
    assert said == ["The audit log will not show this command, or not its end: TimeoutError."]


@pytest.fixture
def staged(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Stage, MemoryAudit]:
    """Return a stage that has a type more than its deployment before, with jobs that cannot be counted; and its log."""

    def settings(*_: object) -> None:
        raise CloudError("no tables")

    stage, log = Stage(account, tmp_path), MemoryAudit()
    monkeypatch.setattr(access, "settings", settings)
    monkeypatch.setattr(access, "audit", lambda _account, _stack: log)
    return stage, log


def test_each_type_whose_jobs_a_rollback_gives_up_has_an_entry(staged: tuple[Stage, MemoryAudit]) -> None:
    stage, log = staged
    stage.deploy(1)
    stage.types = ("order.place",)
    stage.deploy(2)
    rollback(stage.account, stage.stack, terminal_of(), yes=True)
    assert {(action, target, outcome) for action, target, _, outcome in told(log)} == {
        ("stage.rollback", NAME, "done"), (REMOVE, "order.place", "done"),
    }  # fmt: skip


def test_each_type_whose_jobs_go_after_a_failed_smoke_test_has_an_entry(staged: tuple[Stage, MemoryAudit]) -> None:
    stage, log = staged
    stage.deploy(1)
    former = Former.of(stage.account, stage.stack)
    stage.types = ("order.place",)
    stage.deploy(2)
    assert "The former version is back." in stage.try_it(former)
    assert [(action, target, outcome) for action, target, _, outcome in told(log)] == [(REMOVE, "order.place", "done")]


def test_a_table_that_hangs_delays_a_command_by_one_try_for_each_write(
    hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "settings", lambda *_: SETTINGS)
    said, nowhere = list[str](), cast("Account", None)
    with acting(lambda: access.audit(nowhere, cast("Stack", None)), Command.DEPLOY, NAME, ARN, said.append, "v1"):
        assert hanging.requests == 1
    assert (hanging.requests, len(said)) == (2, 1)


def test_a_rollback_is_recorded_with_its_outcome(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, log = Stage(account, tmp_path), MemoryAudit()
    monkeypatch.setattr(access, "audit", lambda _account, _stack: log)
    for seconds in (1, 2, 3):
        stage.deploy(seconds)
    with pytest.raises(CloudError):
        rollback(account, Refusing(account, NAME, sleep=lambda _: None), terminal_of())
    time.sleep(0.002)
    rollback(account, Stack(account, NAME), terminal_of())
    assert [(action, target, outcome) for action, target, _, outcome in told(log)] == [
        ("stage.rollback", NAME, "failed"), ("stage.rollback", NAME, "done"),
    ]  # fmt: skip


def test_the_log_can_be_searched_for_what_a_command_does() -> None:
    assert {*Command, REMOVE, *(f"token.{one}" for one in ("issue", "rotate", "revoke"))} <= set(ACTIONS)
