"""Check that a bad version is detected and undone after its deployment, without losing jobs."""

import io
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.job_types import jobtype
from chalicelib.jobs.constants import LEASE_SLACK
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.recount import recount
from infra.cloud.commands.smoke import Smoke
from infra.cloud.package.build import ROOT, Package, copy_sources
from infra.cloud.smoke.functions import asked
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import POLL, QUEUE, names_of
from infra.cloud.terminal import Terminal
from infra.definition import functions
from tests.e2e.cloud import ministack
from tests.e2e.cloud.added import FAIR, declared
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.support import Cloud
from tests.e2e.cloud.test_flow import MAIL, PATIENCE, becomes, create, until

pytestmark = pytest.mark.ministack

WORKER = "handlers/report_generate.py"
BROKEN_IMPORT = "import a_library_that_nobody_packaged\n"
REPORT = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T01:00:00Z", "formats": ["csv"]}


def version(good: Package, folder: Path, name: str, text: str) -> Package:
    """Return the package with another text in one of its files."""
    archive = folder / "deployment.zip"
    compiled = (Path(name).parent / "__pycache__" / Path(name).stem).as_posix() + "."
    with zipfile.ZipFile(good.archive) as source, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            if not entry.filename.startswith(compiled):
                made.writestr(entry, text if entry.filename == name else source.read(entry))
    return replace(good, archive=archive)


def source(good: Package, name: str) -> str:
    with zipfile.ZipFile(good.archive) as archive:
        return archive.read(name).decode()


def bad(good: Package, folder: Path, what: str) -> Package:
    if what == "worker does not start":
        return version(good, folder, WORKER, BROKEN_IMPORT + source(good, WORKER))
    if what == "worker fails":
        return version(good, folder, WORKER, source(good, WORKER).replace(
            "    report = collect(", "    raise ValueError('a bad version')\n    report = collect("
        ))  # fmt: skip
    return version(good, folder, "app.py", "raise ValueError('a bad version')\n")


def deployed(cloud: Cloud, package: Package, parameters: Mapping[str, str] | None = None, **more: Any) -> str:
    """Deploy; return the output. Raises the deployment's errors."""
    said = io.StringIO()
    terminal = Terminal(Console(file=said, width=200), Console(file=said, width=200))
    with cloud.deployer.at_work():
        Deployment(
            cloud.account, cloud.stack, terminal, parameters or {}, None, package=lambda _: package,
            smoke=cloud.smoke, **more,
        ).run()  # fmt: skip
    return said.getvalue()


def parameters(cloud: Cloud) -> dict[str, str]:
    return {p["ParameterKey"]: p["ParameterValue"] for p in (cloud.stack.describe() or {})["Parameters"]}


def test_a_good_version_is_tried_and_said_to_work(cloud: Cloud, operator: httpx.Client) -> None:
    number = len(asked(functions(jobtype.load(), cloud.stack.name)))
    assert f"Smoke: {number} functions answer; report.generate completed in " in cloud.said
    assert "counted; no new dead letter." in cloud.said
    tried = operator.get("/jobs", params={"tag": "smoke"}).json()["jobs"]
    assert {(job["type"], job["status"]) for job in tried} == {("report.generate", "completed")}


@pytest.fixture
def impatient(cloud: Cloud) -> Iterator[None]:
    """Set short timeouts.

    The message of a worker that did not start, or was replaced while it ran, then returns after 20 s.
    """
    sqs, before = cloud.account.client("sqs"), {}
    for name in ("email-send", "report-generate"):
        url = sqs.get_queue_url(QueueName=f"{cloud.stack.name}-{name}")["QueueUrl"]
        before[url] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "20"})
    yield
    for url, attributes in before.items():
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def noted(cloud: Cloud) -> list[history.Deployed]:
    """Return the recorded deployments, without their times, because the previous one was made again."""
    return [replace(one, at="") for one in history.read(cloud.account, cloud.stack.name)]


def outcomes(job: Mapping[str, Any]) -> set[str]:
    """Return how the job's attempts ended.

    The emulator kills a running function that is replaced, so its attempt is lost.
    """
    return {attempt["outcome"] for attempt in job["attempt_history"]}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", ["worker does not start", "worker fails", "API does not start"])
def test_a_bad_version_is_undone_and_no_job_is_lost(
    cloud: Cloud, operator: httpx.Client, tmp_path: Path, what: str, whole: bool
) -> None:
    if not whole and what != "worker fails":
        pytest.skip("takes minutes, in which functions do not answer: make e2e ARGS=--whole")
    before, known = parameters(cloud), noted(cloud)
    jobs = [create(operator, "email.send", MAIL, tags=["before"])["id"] for _ in range(5)]
    later = create(operator, "report.generate", REPORT, delay_seconds=20, max_attempts=10)["id"]
    with pytest.raises(SmokeFailed, match=r"The smoke test failed: .* The former version is back"):
        deployed(cloud, bad(cloud.package, tmp_path, what), {"MailDailyCap": "7"})
    assert (parameters(cloud), noted(cloud)) == (before, known)
    for job_id in jobs:
        assert outcomes(becomes(operator, job_id, "completed")) <= {"completed", "lost"}
    # the message is hidden until the lease has ended if its function was killed, or if it came twice because the start
    # took over 20 s
    lease = jobtype.get("report.generate").timeout + LEASE_SLACK
    assert becomes(operator, later, "completed", lease + PATIENCE)["gen"] == 1
    fresh = create(operator, "report.generate", REPORT)["id"]
    assert becomes(operator, fresh, "completed")["attempts"] == 1
    waiting = {job["status"] for job in operator.get("/jobs", params={"tag": "smoke"}).json()["jobs"]}
    assert waiting <= {"completed", "cancelled"}
    until(lambda: recount(cloud.account, cloud.stack, print).right, "right counters")


def changed_types(folder: Path) -> tuple[Package, list[jobtype.JobType[Any, Any]]]:
    """Return a version with one more type, one type less, and a failing worker."""
    root = copy_sources(ROOT, folder / "sources")
    handlers = root / "handlers"
    (handlers / "letter_print.py").write_text(FAIR)
    (handlers / "image_process.py").unlink()
    good = (root / WORKER).read_text()
    (root / WORKER).write_text(good.replace(
        "    report = collect(", "    raise ValueError('a bad version')\n    report = collect("
    ))  # fmt: skip
    kinds = [*(kind for kind in jobtype.load() if kind.name != "image.process"), declared("letter_print", FAIR)]
    return ministack.package("e2e", folder / "made", kinds, root), kinds


@pytest.mark.usefixtures("impatient")
def test_a_bad_version_with_a_new_type_and_without_another_is_undone(
    cloud: Cloud, emulator: str, operator: httpx.Client, tmp_path: Path
) -> None:
    package, kinds = changed_types(tmp_path)
    before, known, queues = parameters(cloud), noted(cloud), names_of(cloud.stack.resources(), QUEUE)
    # this emulator's SQS does not block the names of deleted queues
    brief = replace(cloud, stack=replace(cloud.stack, sleep=lambda seconds: time.sleep(min(seconds, POLL))))
    smoke = Smoke(cloud.account, cloud.stack, kinds, lambda outputs: ministack.api_url(emulator, outputs), SLOW).run
    with pytest.raises(SmokeFailed, match=r"The smoke test failed: .* The former version is back"):
        deployed(
            replace(brief, smoke=smoke), package, {"MailDailyCap": "7"}, types=lambda: kinds, force_remove=True
        )  # fmt: skip
    assert (parameters(cloud), noted(cloud)) == (before, known)
    assert sorted(names_of(cloud.stack.resources(), QUEUE)) == sorted(queues)
    fresh = create(operator, "report.generate", REPORT)["id"]
    assert becomes(operator, fresh, "completed")["attempts"] == 1
    missing = create(operator, "image.process", {"key": "uploads/0f8fad5b-d9cb-469f-a165-70867728950e"}, max_attempts=1)
    assert becomes(operator, missing["id"], "dead_letter")["attempts"] == 1
