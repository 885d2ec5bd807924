"""Update a stage of the previous commit, with jobs in every state, to this commit: all jobs continue."""

import contextlib
import io
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from chalicelib.job_types import jobtype
from infra.cloud.account import Account, sign_in
from infra.cloud.commands.deploy import Deployment, tags_of
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.recount import recount
from infra.cloud.commands.smoke import Smoke
from infra.cloud.package.build import HERE, ROOT, Package
from infra.cloud.stack import artifacts, parameters, signing
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.test_flow import MAIL, becomes, create, until, upload

pytestmark = pytest.mark.ministack

STAGE = "previous"
PREVIOUS = "HEAD~1"
LATER = 3_600


@dataclass
class Previous:
    """The sources of the previous commit. Only its own code reads, packages and writes its data."""

    tree: Path

    @classmethod
    def unpacked(cls, folder: Path) -> "Previous":
        """Extract the files of the commit from git. Skips if git has no such commit."""
        packed = folder / "tree.tar"
        git = ["git", "-C", str(ROOT), "archive", "--format=tar", "--output", str(packed), PREVIOUS]
        if subprocess.run(git, capture_output=True, check=False).returncode:
            pytest.skip("git has no commit before this one: a shallow clone needs `git fetch --deepen 1` for this test")
        with tarfile.open(packed) as archive:
            archive.extractall(folder / "tree", filter="data")
        return cls(folder / "tree")

    def run(self, *command: str) -> str:
        """Run that version's command of `make`; return its output."""
        program = [sys.executable, "-m", "infra.cloud", *command]
        done = subprocess.run(program, cwd=self.tree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def package(self) -> Package:
        """Return its package, for this machine and for the resources that the emulator has."""
        built = ("--architecture", ministack.architecture(), "--python", HERE)
        self.run("package", "--stage", STAGE, "--out", str(self.tree / "made"), *built)
        made = self.tree / "made"
        return ministack.playable(Package(made / "deployment.zip", made / "sam.json", f"jobflow-{STAGE}"))


@dataclass
class Updating:
    """A stage, first of the previous commit. `known` are jobs, by their purpose."""

    emulator: str
    account: Account
    stack: Stack
    said: io.StringIO = field(default_factory=io.StringIO)
    known: dict[str, str] = field(default_factory=dict)
    clients: dict[Role, httpx.Client] = field(default_factory=dict)

    @property
    def terminal(self) -> Terminal:
        return Terminal(Console(file=self.said, width=200), Console(file=self.said, width=200))

    def make(self, previous: Previous) -> None:
        """Create the stage with the previous commit, and tokens."""
        package = previous.package()
        tags, declared = tags_of(self.stack.name), package.read_template()["Parameters"]
        url = artifacts.upload(self.account, package, tags, {})
        given = {"RateLimitMax": "0", **signing.parameters(declared, {}, [], "", time.time())}
        proposed = self.stack.propose(url, parameters.choose(declared, given, []), tags)
        assert proposed is not None
        self.stack.execute(proposed, lambda _: None)
        self.account.client("sesv2").create_email_identity(EmailIdentity="example.com")
        outputs = self.stack.outputs()
        for role in (Role.OPERATOR, Role.ADMIN):
            text = previous.run("token", "issue", "--stage", STAGE, "--role", role, "--label", f"test {role}")
            self.clients[role] = httpx.Client(
                base_url=ministack.api_url(self.emulator, outputs), timeout=SLOW,
                headers={"Authorization": f"Bearer {text}"},
            )  # fmt: skip

    @property
    def api(self) -> httpx.Client:
        return self.clients[Role.OPERATOR]

    def update(self, new: Package) -> None:
        """Deploy this version over it."""
        smoke = Smoke(self.account, self.stack, jobtype.load(), lambda out: ministack.api_url(self.emulator, out), SLOW)
        deployment = Deployment(
            self.account, self.stack, self.terminal, {}, None, package=lambda _: new, smoke=smoke.run
        )
        outputs = deployment.run()
        for client in self.clients.values():
            # the emulator creates a new API where CloudFormation changes the existing one
            client.base_url = httpx.URL(ministack.api_url(self.emulator, outputs))

    def end(self) -> None:
        """Remove the stage."""
        for client in self.clients.values():
            client.close()
        with aimed_at(self.emulator):
            Destruction(self.account, self.stack, self.terminal, confirmed=self.stack.name).run()


@pytest.fixture(scope="module")
def updated(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Updating]:
    """The stage after its update; earlier results are in `known`."""
    previous = Previous.unpacked(tmp_path_factory.mktemp("previous"))
    new = ministack.package(STAGE, tmp_path_factory.mktemp("present"))
    with contextlib.ExitStack() as ending:
        with aimed_at(emulator):
            account = sign_in()
            made = Updating(emulator, account, Stack(account, f"jobflow-{STAGE}"))
            ending.callback(made.end)
            made.make(previous)
            live(made)
            made.update(new)
        yield made


def live(stage: Updating) -> None:
    """Do what producers and operators do, with the previous commit."""
    api, known = stage.api, stage.known
    known["completed"] = create(api, "email.send", MAIL, tags=["past"])["id"]
    becomes(api, known["completed"], "completed")
    known["failed"] = create(api, "report.generate", {"from": "2099-01-01T00:00:00Z"}, tags=["past"])["id"]
    becomes(api, known["failed"], "failed")
    form = api.post("/uploads", json={"content_type": "image/png", "bytes": 100_000}).json()
    known["dead"] = create(api, "image.process", {"key": form["key"]}, max_attempts=1, tags=["past"])["id"]
    becomes(api, known["dead"], "dead_letter")
    known["retrying"] = create(api, "image.process", {"key": form["key"]}, max_attempts=10)["id"]
    becomes(api, known["retrying"], "retrying")
    known["later"] = create(api, "email.send", MAIL, delay_seconds=LATER)["id"]
    assert stage.clients[Role.ADMIN].post("/job-types/email.send/pause").is_success
    waiting = [create(api, "email.send", MAIL, tags=["waiting"])["id"] for _ in range(3)]
    known["waiting"] = ",".join(waiting)
    with_key = api.post(
        "/jobs", json={"type": "email.send", "payload": MAIL}, headers={"Idempotency-Key": "over-the-update"}
    )
    known["key"] = with_key.json()["id"]
    known["cursor"] = api.get("/jobs", params={"tag": "past", "limit": 1}).json()["next_cursor"]
    settings = {"id": "daily", "type": "email.send", "cron": "0 6 * * *", "payload": MAIL}
    assert stage.clients[Role.ADMIN].post("/schedules", json=settings).status_code == 201
    known["form"] = form["url"]
    stage.known |= {f"field {name}": value for name, value in form["fields"].items()}
    until(lambda: counted(api, waiting=5), "the counters")


def seen(updated: Updating, name: str) -> dict[str, Any]:
    """Return a job from the API."""
    answer = updated.api.get(f"/jobs/{updated.known.get(name, name)}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counted(api: httpx.Client, waiting: int) -> dict[str, int] | None:
    """Return the numbers by status, as soon as that many jobs of email.send wait."""
    found = api.get("/metrics").json()["by_type"].get("email.send", {})
    by_status: dict[str, int] = found.get("by_status", {})
    return by_status if by_status.get("queued", 0) + by_status.get("scheduled", 0) >= waiting else None


def test_what_ended_is_as_it_was(updated: Updating) -> None:
    for name, status in (("completed", "completed"), ("failed", "failed"), ("dead", "dead_letter")):
        job = seen(updated, name)
        assert (job["status"], len(job["attempt_history"])) == (status, 1), name
    assert "period" in seen(updated, "failed")["error_message"]


def test_a_page_that_was_begun_goes_on_or_says_that_it_must_begin_anew(updated: Updating) -> None:
    answer = updated.api.get("/jobs", params={"tag": "past", "limit": 5, "cursor": updated.known["cursor"]})
    if answer.status_code == 200:
        assert {job["id"] for job in answer.json()["jobs"]} == {updated.known["completed"], updated.known["failed"]}
        return
    assert answer.status_code == 400, answer.text
    assert "start again without it" in answer.json()["errors"][0]["msg"]
    assert len(updated.api.get("/jobs", params={"tag": "past"}).json()["jobs"]) == 3


def test_a_repeated_key_is_the_same_job(updated: Updating) -> None:
    answer = updated.api.post(
        "/jobs", json={"type": "email.send", "payload": MAIL}, headers={"Idempotency-Key": "over-the-update"}
    )
    assert (answer.status_code, answer.json()["id"]) == (200, updated.known["key"])


def test_a_pause_holds_and_what_waited_runs_after_it(updated: Updating) -> None:
    waiting = [*updated.known["waiting"].split(","), updated.known["key"]]
    assert {seen(updated, job_id)["status"] for job_id in waiting} == {"queued"}
    assert updated.clients[Role.ADMIN].post("/job-types/email.send/resume").is_success
    for job_id in waiting:
        assert becomes(updated.api, job_id, "completed")["attempts"] == 1


def test_a_job_for_later_is_run_now(updated: Updating) -> None:
    path = f"/jobs/{updated.known['later']}"
    assert seen(updated, "later")["status"] == "scheduled"
    assert updated.api.post(f"{path}/run-now").is_success
    assert becomes(updated.api, updated.known["later"], "completed")["attempts"] == 1


def test_what_was_retried_goes_on_being_retried(updated: Updating) -> None:
    fields = {name.removeprefix("field "): value for name, value in updated.known.items() if name.startswith("field ")}
    upload({"url": updated.known["form"], "fields": fields})
    with contextlib.suppress(AssertionError):
        # this ends the wait, which may already have ended
        assert updated.api.post(f"/jobs/{updated.known['retrying']}/run-now").is_success
    done = becomes(updated.api, updated.known["retrying"], "completed")
    # a worker that the update killed also counts as an attempt
    assert [one["attempt"] for one in done["attempt_history"]] == list(range(1, done["attempts"] + 1))
    assert done["attempts"] >= 2


def test_a_dead_letter_is_retried_to_success(updated: Updating) -> None:
    assert updated.api.post(f"/jobs/{updated.known['dead']}/retry").is_success
    assert becomes(updated.api, updated.known["dead"], "completed")["gen"] == 2


def test_a_schedule_is_still_there_and_makes_jobs(updated: Updating) -> None:
    row = updated.api.get("/schedules/daily").json()
    assert (row["cron"], row["paused"]) == ("0 6 * * *", False)
    made = updated.api.post("/schedules/daily/run").json()
    becomes(updated.api, made["id"], "completed")


def test_the_counters_went_on_from_where_they_were(updated: Updating) -> None:
    found = until(
        lambda: said if (said := recount(updated.account, updated.stack, print)).right else None, "right counters"
    )
    assert found.repaired == {}
    assert found.jobs >= len(updated.known["waiting"].split(",")) + 7
