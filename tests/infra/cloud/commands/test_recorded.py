"""Test that each command that changes a stage is in the stage's audit log, or says why not."""

import argparse
import io
import time as clock
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.rule import Entry, Which
from infra.cloud.__main__ import _parser
from infra.cloud.account import Account
from infra.cloud.commands import access, backup
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.recount import recount
from infra.cloud.commands.restore import Restoration
from infra.cloud.errors import CloudError
from infra.cloud.package.build import Package
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import REMOVE, Command
from infra.cloud.terminal import Terminal
from tests.infra.cloud.commands.test_looking import COUNTING, DONE, Answering, answer
from tests.infra.cloud.commands.test_removing import LEFT, STACK, counted, prod
from tests.infra.cloud.support import terminal_of
from tests.support import T0

__all__ = ["prod"]
ARN = "arn:aws:sts::123456789012:assumed-role/admin/ada"
RECORDED = {
    "deploy": Command.DEPLOY, "rollback": Command.ROLLBACK, "restore": Command.RESTORE, "recount": Command.RECOUNT,
    "backup": Command.BACKUP, "destroy": Command.DESTROY,
}  # fmt: skip
NOT_RECORDED = {
    "token": "its entries are those of the tokens, token.issue and token.revoke",
    "acceptance": "it is a deployment, tokens, requests to the API and a destruction, each of which has its entries",
    "package": "it changes only files of this machine",
    "bench": "it changes only files of this machine",
    "preflight": "it only reads",
    "drift": "it only reads; CloudFormation stores what it has compared",
    "status": "it only reads",
    "cost": "it only reads",
}


def commands() -> set[str]:
    found = [one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction)]
    return set(found[0].choices)


def test_each_command_is_recorded_or_says_why_not() -> None:
    assert commands() == RECORDED.keys() | NOT_RECORDED.keys()
    assert set(RECORDED.values()) == set(Command)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> MemoryAudit:
    made = MemoryAudit()
    monkeypatch.setattr(access, "audit", lambda _account, _stack: made)
    return made


def known(account: Account) -> Account:
    return Account(account.session, account.id, account.region, ARN)


def entries(log: MemoryAudit) -> list[tuple[str, str, str, str]]:
    found = sorted(log.entries.values(), key=lambda one: (one.at, one.action))
    assert {one.principal for one in found} == {ARN}
    return [(one.action, one.target, one.version, one.outcome) for one in found]


def test_a_backup_is_recorded_with_its_name(account: Account, prod: Stack, log: MemoryAudit) -> None:
    name, _ = backup.backup(known(account), prod, pytest.fail, now=T0, sleep=lambda _: None)
    assert entries(log) == [("stage.backup", STACK, name, "done")]


@pytest.mark.parametrize("given", [{"backup": "jobflow-prod-20270115T080000Z"}, {"given": ["no", "such"]}, {}])
def test_a_restore_is_recorded_with_its_source_also_if_it_fails(
    account: Account, prod: Stack, log: MemoryAudit, given: dict[str, Any]
) -> None:
    run = Restoration(known(account), prod, terminal_of(io.StringIO()), T0, sleep=lambda _: None, **given)
    with pytest.raises(Exception, match=r".+"):  # the stage has neither a bucket nor backups
        run.go()
    source = {"backup": "jobflow-prod-20270115T080000Z", "given": "no,such"}.get(next(iter(given), ""))
    assert entries(log) == [("stage.restore", STACK, source or "20270115T080000Z", "failed")]


@pytest.mark.parametrize(
    ("said", "outcome"), [([answer(COUNTING), answer(DONE)], "done"), ([answer({}, FunctionError="Timeout")], "failed")]
)
def test_a_recount_is_recorded_once(log: MemoryAudit, said: list[dict[str, Any]], outcome: str) -> None:
    account = cast("Account", Answering(said, identity=ARN))

    def run() -> None:
        recount(account, Stack(account, STACK), pytest.fail, lambda _: None)

    if outcome == "done":
        run()
    else:
        with pytest.raises(CloudError):
            run()
    assert entries(log) == [("stage.recount", STACK, "", outcome)]


def test_a_destruction_is_in_the_log_before_anything_is_deleted_and_stays_there_if_it_fails(
    account: Account, prod: Stack, terminal: Terminal
) -> None:
    """The real log, whose table is deleted with the stage."""
    seen = list[Entry]()
    found = access.audit(account, prod)

    class Failing(Stack):
        def delete(self, report: Callable[[Any], None]) -> None:
            seen.extend(found.page(Which(), 9, clock.time()).rows)
            raise CloudError("DELETE_FAILED")

    failing = Failing(account, STACK)
    with pytest.raises(CloudError, match="DELETE_FAILED"):
        Destruction(known(account), failing, terminal, confirmed=STACK).run()
    assert [(one.action, one.outcome) for one in seen] == [("stage.destroy", "begun")]
    after = found.page(Which(), 9, clock.time()).rows
    assert [(one.action, one.principal, one.outcome) for one in after] == [("stage.destroy", ARN, "failed")]
    Destruction(known(account), prod, terminal, confirmed=STACK).run()
    assert prod.describe() is None


class Half(Deployment):
    """A deployment that ends before CloudFormation is asked."""

    def _package(self, stage: str) -> Package:
        return cast("Package", None)

    def _keys(self, package: Package) -> dict[str, str]:
        return {}

    def _apply(self, package: Package, given: Mapping[str, str]) -> None:
        raise CloudError("UPDATE_ROLLBACK_COMPLETE")


def test_each_type_whose_jobs_a_deployment_gives_up_has_an_entry(
    account: Account, prod: Stack, terminal: Terminal, log: MemoryAudit
) -> None:
    counted(account, prod)
    forced = Half(known(account), prod, terminal, dashboard=None, force_remove=True, types=lambda: LEFT)
    with pytest.raises(CloudError, match="UPDATE_ROLLBACK"):
        forced.run()
    told = {(action, target, outcome) for action, target, _, outcome in entries(log)}
    assert told == {("stage.deploy", STACK, "failed"), (REMOVE, "email.send", "failed")}


def test_a_removed_type_without_unfinished_jobs_is_only_part_of_the_deployment(
    account: Account, prod: Stack, terminal: Terminal, log: MemoryAudit
) -> None:
    with pytest.raises(CloudError, match="UPDATE_ROLLBACK"):
        Half(known(account), prod, terminal, dashboard=None, types=lambda: LEFT).run()
    assert [(action, target) for action, target, _, _ in entries(log)] == [("stage.deploy", STACK)]


def test_an_entry_of_a_stage_is_stored_with_the_stage_and_the_source(account: Account, prod: Stack) -> None:
    name, _ = backup.backup(known(account), prod, pytest.fail, now=T0, sleep=lambda _: None)
    [entry] = access.audit(account, prod).page(Which(action="stage.backup"), 9, clock.time()).rows
    assert (entry.target, entry.version, entry.outcome) == (STACK, name, "done")
