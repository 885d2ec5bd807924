"""Run the commands of the deploy pages, operations.md and restore.md in order on one stage, as printed.

Make expands each command, and the expanded command runs in this process. Only these parts differ from an account. The
functions are packaged once and for this machine, the console is not built, and the smoke uses the emulator's address.
Times and backups in a command are those of now. A restore does not wait for earlier invocations, and does not read the
window of point-in-time recovery, which is one second in the emulator.
"""

import functools
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Job, Status
from infra.cloud import __main__ as command_line
from infra.cloud.account import Account, sign_in
from infra.cloud.commands import access, restore
from infra.cloud.commands.smoke import Smoke
from infra.cloud.package.build import Package
from infra.cloud.restore.tables import Tables
from infra.cloud.stack import history, website
from infra.cloud.stack.cloudformation import Stack
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.test_bad_version import WORKER, source, version
from tests.infra.cloud.pages.documented import ON_A_STAGE, expanded
from tests.support import a_job

pytestmark = pytest.mark.ministack

AT, BACKUP = "2027-01-02T03:04:05Z", "jobflow-prod-20270102T030405Z"


@dataclass
class Playing:
    """The stage between two commands. `said` is the output of the last command, `code` its exit code."""

    account: Account
    package: Package
    code: int = 0
    said: str = ""
    backup: str = BACKUP
    lost: list[Job] = field(default_factory=list)

    @property
    def stack(self) -> Stack:
        return Stack(self.account, "jobflow-prod")

    @property
    def store(self) -> DynamoJobStore:
        return DynamoJobStore(access.settings(self.account, self.stack), time.time)

    def zip_of(self, function: str) -> str:
        """Return the digest of a function's code."""
        found = self.account.client("lambda").get_function_configuration(FunctionName=f"{self.stack.name}-{function}")
        return str(found["CodeSha256"])

    def delete(self, jobs: list[Job]) -> None:
        """Simulate an accident: delete the rows of these jobs."""
        client, table = self.account.client("dynamodb"), f"{self.stack.name}-jobs"
        for job in jobs:
            rows = client.query(
                TableName=table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": job.id}}
            )["Items"]
            for row in rows:
                client.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})


@pytest.fixture(scope="module")
def playing(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    with aimed_at(emulator):
        yield Playing(sign_in(), ministack.package("prod", tmp_path_factory.mktemp("prod")))


@pytest.fixture
def run(
    emulator: str,
    playing: Playing,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[str], None]:
    """Run a command as printed, with the differences above."""
    (tmp_path / "index.html").write_text("console")
    smoke = functools.partial(Smoke, address=lambda outputs: ministack.api_url(emulator, outputs), patience=SLOW)
    monkeypatch.setattr(command_line, "_build", lambda *_: playing.package)
    monkeypatch.setattr(command_line, "Smoke", smoke)
    monkeypatch.setattr(website, "build", lambda _: tmp_path)
    monkeypatch.setattr(restore, "LONGEST_LEASE", 0.0)
    monkeypatch.setattr(Tables, "check", lambda *_: None)

    def typed(command: str) -> None:
        (line,) = expanded(
            command.replace(AT, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}").replace(BACKUP, playing.backup)
        )
        playing.code = command_line.main(shlex.split(line))
        told = capsys.readouterr()
        playing.said = told.out + told.err

    return typed


def preflight_says_what_to_do(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "Note (mail): " in playing.said
    assert playing.stack.describe() is None


def a_plan_leaves_nothing(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "+ JobsTable " in playing.said
    assert playing.stack.describe() is None


def a_first_deployment_is_tried_and_protected(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "report.generate completed in " in playing.said
    assert "Uploaded the dashboard" in playing.said
    values = history.shown(playing.stack.describe() or {})
    assert (values["Protect"], values["AlarmEmail"]) == ("true", "me@example.com")


def the_stage_is_told(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "jobflow-prod-email-send" in playing.said


def the_counters_are_right(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "0 counters wrong" in playing.said


def a_change_by_hand_is_named(playing: Playing, run: Callable[[], None]) -> None:
    sqs = playing.account.client("sqs")
    url = sqs.get_queue_url(QueueName="jobflow-prod-email-send")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    run()
    assert playing.code == 1
    assert f"EmailSendQueue: VisibilityTimeout is 77, not {before['VisibilityTimeout']}" in playing.said
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before)
    playing.code = 0


def both_tables_are_backed_up(playing: Playing, run: Callable[[], None]) -> None:
    now = time.time()
    finished = {"status": Status.COMPLETED, "finished_at": now, "expires_at": now + 86_400, "attempts": 1, "claims": 1}
    later = {"status": Status.SCHEDULED, "run_at": now + 86_400, "next_attempt_at": now + 86_400}
    playing.lost = [a_job(created_at=now - 60, **finished), a_job(created_at=now - 50, due_at=now + 86_000, **later)]
    for job in playing.lost:
        playing.store.add(job)
    run()
    assert "holds both tables" in playing.said
    playing.backup = playing.said.split("Backup ")[1].split()[0]


def the_backup_is_listed(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert playing.backup in playing.said.splitlines()


def lost_jobs_come_back(playing: Playing, run: Callable[[], None]) -> None:
    playing.delete(playing.lost)
    run()
    assert "1 jobs: unfinished, now failed." in playing.said
    found = [playing.store.get(job.id) for job in playing.lost]
    assert [(job.status, job.error_class) for job in found] == [(Status.COMPLETED, None), (Status.FAILED, "Restored")]
    assert [name for name in playing.account.client("dynamodb").list_tables()["TableNames"] if "-at-" in name] == []


def a_moment_is_restored(playing: Playing, run: Callable[[], None]) -> None:
    """The emulator restores the table in its present state, so no job is missing."""
    client = playing.account.client("dynamodb")
    for short in ("jobs", "control"):
        client.update_continuous_backups(
            TableName=f"jobflow-prod-{short}", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    run()
    assert "jobs: there." in playing.said


def a_new_version_is_deployed(playing: Playing, run: Callable[[], None]) -> None:
    folder = playing.package.archive.parent / "new"
    folder.mkdir()
    playing.package = version(playing.package, folder, WORKER, source(playing.package, WORKER) + "# another version\n")
    before = playing.zip_of("report-generate")
    run()
    assert "report.generate completed in " in playing.said
    assert playing.zip_of("report-generate") != before


def the_version_before_comes_back(playing: Playing, run: Callable[[], None]) -> None:
    before = playing.zip_of("report-generate")
    run()
    assert "Back at the deployment before." in playing.said
    assert playing.zip_of("report-generate") != before


def nothing_is_left(playing: Playing, run: Callable[[], None]) -> None:
    run()
    assert "Nothing is left." in playing.said
    assert playing.stack.describe() is None


CHECKS: dict[str, Callable[[Playing, Callable[[], None]], None]] = dict(
    zip(
        ON_A_STAGE,
        (
            preflight_says_what_to_do, a_plan_leaves_nothing, a_first_deployment_is_tried_and_protected,
            the_stage_is_told, the_counters_are_right, a_change_by_hand_is_named, both_tables_are_backed_up,
            the_backup_is_listed, lost_jobs_come_back, a_moment_is_restored, a_moment_is_restored,
            a_new_version_is_deployed, the_version_before_comes_back, nothing_is_left,
        ),
        strict=True,
    )
)  # fmt: skip
HEAVY = [command for command in ON_A_STAGE if "MONITOR" in command or "rollback" in command]
"""The emulator needs minutes until functions whose code was replaced answer again."""


@pytest.mark.parametrize("command", ON_A_STAGE)
def test_it_is_run_as_it_is_printed(command: str, playing: Playing, run: Callable[[str], None], whole: bool) -> None:
    if command in HEAVY and not whole:
        pytest.skip("takes minutes: make e2e ARGS=--whole")
    CHECKS[command](playing, lambda: run(command))
    assert playing.code == 0, playing.said
