"""Test the return to the previous deployment with one command."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.cloud.account import Account
from infra.cloud.commands.rollback import Former, rollback
from infra.cloud.errors import CloudError
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import ChangeSet
from infra.cloud.stack.cloudformation import Stack as CloudFormationStack
from infra.cloud.stack.events import Event
from tests.infra.cloud.commands.test_repeated_deployment import Ended
from tests.infra.cloud.commands.test_trial import Stage
from tests.infra.cloud.stack.test_monitoring import NAME, NOTHING, change_sets
from tests.infra.cloud.support import terminal_of

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def urls(account: Account) -> list[str]:
    return [one.url for one in history.read(account, NAME)]


def test_it_goes_back_one_deployment_and_again_one_more(account: Account, tmp_path: Path) -> None:
    stage = Stage(account, tmp_path)
    for seconds in (1, 2, 3):
        stage.deploy(seconds)
    first, second, _ = urls(account)
    asked = change_sets(account)
    rollback(account, stage.stack, terminal_of())
    assert ([one["TemplateURL"] for one in asked], urls(account)) == ([second], [first, second])
    rollback(account, stage.stack, terminal_of())
    assert ([one["TemplateURL"] for one in asked], urls(account)) == ([second, first], [first])
    assert [one["RollbackConfiguration"] for one in asked] == [NOTHING] * 2, "the bad version's own alarm would undo it"
    with pytest.raises(CloudError, match="No deployment of jobflow-new before the present one"):
        rollback(account, stage.stack, terminal_of())


def test_a_deployment_of_parameters_alone_is_one_step(account: Account, tmp_path: Path) -> None:
    stage = Stage(account, tmp_path)
    stage.deploy(1, Seconds="1")
    stage.deploy(2, Seconds="2")
    stage.deploy(2, Seconds="3")
    told = io.StringIO()
    rollback(account, stage.stack, terminal_of(told))
    assert stage.attributes() == ("2", "2")
    assert "Seconds is 2 again, not 3." in told.getvalue()
    rollback(account, stage.stack, terminal_of())
    assert stage.attributes() == ("1", "1")


class Changing(CloudFormationStack):
    """A stack that returns the time of its last change, as CloudFormation does but moto does not."""

    changes = 0

    def describe(self) -> dict[str, Any] | None:
        """See Stack."""
        found = super().describe()
        return found and {**found, "LastUpdatedTime": NOON + timedelta(minutes=Changing.changes)}

    def execute(self, change_set: ChangeSet, report: Callable[[Event], None]) -> None:
        """See Stack."""
        Changing.changes += 1
        super().execute(change_set, report)


@dataclass
class Timed(Stage):
    """The same stage, with such a stack."""

    @property
    def stack(self) -> CloudFormationStack:
        return Changing(self.account, NAME, sleep=lambda _: None)


def test_one_that_ended_before_it_was_noted_is_one_step_too(account: Account, tmp_path: Path) -> None:
    stage = Timed(account, tmp_path)
    stage.deploy(1)
    stage.deploy(2)
    noted = history.read(account, NAME)
    stage.deploy(3)
    history.write(account, NAME, noted)
    rollback(account, stage.stack, terminal_of())
    assert (stage.attributes()[0], len(urls(account))) == ("2", 2)
    rollback(account, stage.stack, terminal_of())
    assert (stage.attributes()[0], len(urls(account))) == ("1", 1)


@pytest.mark.parametrize("after", [False, True], ids=["before the change", "after it"])
def test_one_that_ends_half_way_and_is_repeated_does_not_come_back_to_the_bad_version(
    account: Account, tmp_path: Path, after: bool
) -> None:
    class Ending(Changing):
        """A stack whose process ends at the change."""

        def execute(self, change_set: ChangeSet, report: Callable[[Event], None]) -> None:
            """See Stack."""
            if after:
                super().execute(change_set, report)
            raise Ended

    stage = Timed(account, tmp_path)
    stage.deploy(1)
    stage.deploy(2)
    with pytest.raises(Ended):
        rollback(account, Ending(account, NAME, sleep=lambda _: None), terminal_of())
    rollback(account, stage.stack, terminal_of())
    assert (stage.attributes()[0], len(urls(account))) == ("1", 1)
    with pytest.raises(CloudError, match="No deployment of"):
        rollback(account, stage.stack, terminal_of())


class Refusing(Changing):
    """A stack for which CloudFormation returns to the earlier state."""

    def execute(self, change_set: ChangeSet, report: Callable[[Event], None]) -> None:
        """See Stack."""
        Changing.changes += 1
        raise CloudError("The stack jobflow-new is UPDATE_ROLLBACK_COMPLETE")


def test_one_that_cloudformation_undoes_can_be_tried_again(account: Account, tmp_path: Path) -> None:
    stage = Timed(account, tmp_path)
    stage.deploy(1)
    stage.deploy(2)
    with pytest.raises(CloudError, match="UPDATE_ROLLBACK_COMPLETE"):
        rollback(account, Refusing(account, NAME, sleep=lambda _: None), terminal_of())
    assert len(urls(account)) == 2
    rollback(account, stage.stack, terminal_of())
    assert stage.attributes()[0] == "1"


def test_one_from_what_nobody_noted_that_cloudformation_undoes_goes_no_further_the_next_time(
    account: Account, tmp_path: Path
) -> None:
    stage = Timed(account, tmp_path)
    stage.deploy(1)
    stage.deploy(2)
    noted = history.read(account, NAME)
    stage.deploy(3)
    history.write(account, NAME, noted)
    with pytest.raises(CloudError, match="UPDATE_ROLLBACK_COMPLETE"):
        rollback(account, Refusing(account, NAME, sleep=lambda _: None), terminal_of())
    rollback(account, stage.stack, terminal_of())
    assert stage.attributes()[0] == "2"


def test_what_was_there_before_a_deployment_is_the_last_noted_one_when_nobody_noted_the_present(
    account: Account, tmp_path: Path
) -> None:
    stage = Timed(account, tmp_path)
    stage.deploy(1, Seconds="1")
    noted = history.read(account, NAME)
    stage.deploy(1, Seconds="2")
    history.write(account, NAME, noted)
    former = Former.of(account, stage.stack)
    assert former is not None
    assert former.deployed == noted[-1]


def shards(stage: Stage) -> tuple[str, str]:
    found = history.shown(stage.stack.describe() or {})
    return found["IndexShards"], found["IndexShardsRead"]


def test_index_partitions_that_may_hold_jobs_are_asked_after_any_number_of_rollbacks(
    account: Account, tmp_path: Path
) -> None:
    stage = Stage(account, tmp_path, sharded=True)
    stage.deploy(1, IndexShards="4", IndexShardsRead="4")
    stage.deploy(2, IndexShards="4", IndexShardsRead="8")
    stage.deploy(3, IndexShards="8", IndexShardsRead="8")
    told = io.StringIO()
    rollback(account, stage.stack, terminal_of())
    assert shards(stage) == ("4", "8")
    rollback(account, stage.stack, terminal_of(told))
    assert (shards(stage), stage.attributes()[0]) == (("4", "8"), "1")
    assert "IndexShardsRead stays at 8: with fewer, jobs would be missing from lists." in told.getvalue()
    assert history.read(account, NAME)[-1].parameters["IndexShardsRead"] == "8", "what is noted is what there is"
