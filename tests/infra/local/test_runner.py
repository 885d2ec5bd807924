"""Test `python -m infra.local` as a program: it starts, processes jobs, follows edits, and leaves nothing behind."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.infra.local.running import BOUND_SECONDS, ROOT, Run, alive, copy_of_the_code, running, until, untouched

HANDLER = '''
"""A job type made by a test."""

from pydantic import BaseModel

from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.entry.worker import consume


class {model}(BaseModel):
    """A name."""

    name: str


class {model}Done(BaseModel):
    """A greeting."""

    text: str


@job("{kind}", timeout=20)
def {function}(payload: {model}, ctx: JobContext) -> {model}Done:
    """Greet."""
    return {model}Done(text="{greeting} " + payload.name)


handler = consume({function})
'''


DENIED = "import boto3; boto3.client('s3').list_buckets()"
REACHING = """\
import asyncio

from pydantic import BaseModel, ConfigDict, Field

from chalicelib import Allow, AwsAccess, JobContext, consume, job

asyncio.run(asyncio.sleep(0))  # as some libraries do when they are imported


class OrderCopy(BaseModel):
    "An order."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"order": "1"}]})
    order: str = Field(max_length=40, description="Its number.", examples=["1"])


@job(
    "order.copy",
    timeout=30,
    max_attempts=1,
    access=AwsAccess(
        grants=(
            Allow("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders"),
            Allow("s3:PutObject", "arn:aws:s3:::acme-archive/orders/*"),
        ),
        environment={"ARCHIVE": "acme-archive"},
        secrets={"BILLING_KEY": "{stage}/billing/key"},
    ),
)
def order_copy(payload: OrderCopy, ctx: JobContext) -> dict[str, str]:
    "Copy an order."
    import os

    import boto3
    from packaging.version import Version

    row = boto3.client("dynamodb").get_item(TableName="orders", Key={"id": {"S": payload.order}})["Item"]
    key = f"orders/{Version('1.0').major}/{payload.order}"
    boto3.client("s3").put_object(Bucket=os.environ["ARCHIVE"], Key=key, Body=row["total"]["S"])
    return {"key": key, "secret": ctx.secret("BILLING_KEY"), "length": str(len(ctx.secret("BILLING_KEY")))}


handler = consume(order_copy)
"""
"""A job type that reads a secret, a table and a bucket of the user, with its own library."""

FOREIGN = """\
Parameters:
  Name: {Type: String, Default: acme-archive}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Archive:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name}
"""
"""A user's template, which creates both."""


def write_handler(root: Path, kind: str, greeting: str) -> Path:
    function = kind.replace(".", "_")
    path = root / "handlers" / f"{function}.py"
    model = function.title().replace("_", "")
    path.write_text(HANDLER.format(kind=kind, function=function, model=model, greeting=greeting))
    return path


def reloaded(run: Run, path: Path) -> bool:
    """Return whether an edit of this job type is in use."""
    return any("Reloaded: " in line and f"handlers/{path.name}" in line for line in run.said().splitlines())


def add(run: Run, kind: str) -> Path:
    """Add a job type to a run and wait until it is in use; return its file."""
    path = write_handler(run.root, kind, "hello")
    until(lambda: reloaded(run, path))
    until(lambda: kind in run.client.get("/job-types").text)  # a kept connection gets one last answer from the old code
    return path


NOWHERE = "http://127.0.0.1:1"
HOSTILE = {
    **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "AWS_ENDPOINT_URL_SQS"), NOWHERE),
    "AWS_PROFILE": "not-here", "AWS_REGION": "eu-west-1",
}  # fmt: skip
"""AWS and proxy settings that a developer's shell may have; none of them may redirect a request of the platform."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One platform for the tests that do not end it, on a copy of the code that they edit, with a console."""
    root = copy_of_the_code(tmp_path_factory.mktemp("code"))
    for kind in ("greet.once", "greet.broken", "greet.logged", "greet.library"):
        write_handler(root, kind, "hello")
    denied = write_handler(root, "greet.denied", "hello")
    denied.write_text(denied.read_text().replace("    return", f"    {DENIED}\n    return"))
    (root / "handlers" / "order_copy.py").write_text(REACHING)
    pinned = re.search(r"^packaging==.*(?:\n\s+--hash.*)*", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
    assert pinned
    (root / "handlers" / "order_copy.requirements.txt").write_text(pinned[0] + "\n")
    (root / ".env").write_text("BILLING_KEY=k-314159\n")
    (root / "dev").mkdir()
    (root / "dev" / "orders.yaml").write_text(FOREIGN)
    build = root / "dashboard" / "dist"
    build.mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html><title>JobFlow</title>")
    with running(root, tmp_path_factory.mktemp("state"), **HOSTILE) as up:
        yield up


def test_posted_jobs_are_completed_and_counted_whatever_the_shell_says(run: Run) -> None:
    job = run.finished(run.submit("greet.once", {"name": "Ada"}))

    assert job["result"] == {"text": "hello Ada"}
    assert job["attempts"] == 1
    payload = {"to": ["ada@example.com"], "subject": "Hello", "text": "Hello"}
    assert run.finished(run.submit("email.send", payload))["result"]["recipients"] == 1
    until(lambda: run.client.get("/metrics").json()["completed_jobs"] >= 2)


def test_the_state_file_names_every_process_and_is_for_this_user_only(run: Run) -> None:
    run.finished(run.submit("greet.once", {"name": "Ada"}))
    until(lambda: run.state["pids"]["workers"]["jobflow-dev-greet-once"])

    assert run.state["pids"]["runner"] == run.process.pid
    assert all(alive(pid) for pid in run.pids())
    assert (run.folder / "dev.json").stat().st_mode & 0o077 == 0


def test_lines_of_functions_are_json_on_standard_output_and_kept_in_cloudwatch(run: Run) -> None:
    job_id = run.submit("greet.once", {"name": "Ada"})
    run.finished(job_id)

    until(lambda: [line for line in run.lines() if line.get("job_id") == job_id])
    client = boto3.client(
        "logs",
        endpoint_url=run.state["aws"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    group = "/aws/lambda/jobflow-dev-greet-once"
    until(lambda: client.filter_log_events(logGroupName=group, filterPattern=f'"{job_id}"')["events"])
    client.close()


def test_an_edit_is_taken_without_refusing_a_request_or_losing_a_job(run: Run) -> None:
    path = add(run, "greet.edited")
    answers: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            with httpx.Client(base_url=run.state["api"], timeout=BOUND_SECONDS) as client:
                answers.append(client.get("/health").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    path.write_text(path.read_text().replace("hello", "afterwards"))
    until(lambda: run.finished(run.submit("greet.edited", {"name": "Ada"}))["result"]["text"] == "afterwards Ada")
    done.set()
    asking.join()

    assert set(answers) == {200}


def test_broken_code_is_reported_and_mended_code_works_off_what_waited(run: Run) -> None:
    path = run.root / "handlers" / "greet_broken.py"
    good, told = path.read_text(), run.said().count("queued jobs wait")
    path.write_text(good.replace("def greet_broken(", "def greet_broken(("))
    # The watchdog may meet the error first. The message of a function that fails to start before the platform has read
    # the edit comes back only after its visibility timeout, as in Lambda.
    until(lambda: run.said().count("queued jobs wait") > told)

    waiting = run.submit("greet.broken", {"name": "Ada"})
    unharmed = run.finished(run.submit("greet.once", {"name": "Ada"}))
    path.write_text(good)

    assert run.finished(waiting)["result"] == {"text": "hello Ada"}
    assert unharmed["result"] == {"text": "hello Ada"}
    assert "greet_broken.py" in run.said()
    assert "SyntaxError" in run.said()


def test_a_job_waits_for_mended_code_also_if_the_code_breaks_only_where_it_runs(run: Run) -> None:
    path = run.root / "handlers" / "greet_broken.py"
    # with a visibility timeout that is longer than this test waits
    good, told = path.read_text().replace("timeout=20", "timeout=200"), run.said().count("queued jobs wait")
    path.write_text(good + '\nimport os\n\nif "JOBS_TABLE" in os.environ:\n    raise RuntimeError("no start here")\n')
    until(lambda: run.said().count("queued jobs wait") > told)

    waiting = run.submit("greet.broken", {"name": "Ada"})
    until(lambda: [line for line in run.lines() if line.get("errorMessage") == "no start here"])
    path.write_text(good)

    assert run.finished(waiting)["result"] == {"text": "hello Ada"}


def test_the_log_of_a_job_is_in_order_after_a_reload_between_its_attempts(run: Run) -> None:
    path = run.root / "handlers" / "greet_logged.py"
    said = "".join(f'    print("line {n}")\n' for n in range(20))
    work = '    return GreetLoggedDone(text="hello " + payload.name)\n'
    path.write_text(path.read_text().replace(work, f'{said}    raise ValueError("not yet")\n'))
    until(lambda: reloaded(run, path))
    job_id = run.submit("greet.logged", {"name": "Ada"}, max_attempts=9)
    until(lambda: run.job(job_id)["status"] == "retrying")
    path.write_text(path.read_text().replace('    raise ValueError("not yet")\n', work))
    run.finished(job_id)

    def lines() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = run.client.get(f"/jobs/{job_id}/logs").json()["lines"]
        return found

    last = run.job(job_id)["attempts"]
    printed = [f"line {n}" for n in range(20)]
    # each process has its own log stream, and one may be written later than another
    until(lambda: len(lines()) >= last * (2 + len(printed)))
    shown = [(line["attempt"], line["message"]) for line in lines()]
    assert last > 1
    assert shown == [
        (attempt, message)
        for attempt in range(last, 0, -1)
        for message in ("attempt.started", *printed, "attempt.completed" if attempt == last else "attempt.error")
    ]


def test_a_library_that_does_not_ship_is_reported_with_the_line_to_add(run: Run) -> None:
    path = run.root / "handlers" / "greet_library.py"
    good = path.read_text()
    path.write_text(good.replace("from pydantic", "import httpx\nfrom pydantic"))

    until(lambda: f"write httpx=={httpx.__version__} into handlers/" in run.said())

    path.write_text(good)
    assert run.finished(run.submit("greet.library", {"name": "Ada"}))


def test_a_job_type_that_disappears_is_no_longer_taken(run: Run) -> None:
    path = add(run, "greet.gone")
    assert run.finished(run.submit("greet.gone", {"name": "Ada"}))
    path.unlink()

    until(lambda: "greet.gone" not in run.client.get("/job-types").text)

    answer = run.client.post("/jobs", json={"type": "greet.gone", "payload": {"name": "Ada"}})
    assert answer.status_code == 422
    assert "failed" not in run.said()


def test_the_dashboard_is_served_when_it_is_built(run: Run) -> None:
    origin = run.state["dashboard"]
    page = httpx.get(f"{origin}/jobs/some-id", timeout=BOUND_SECONDS)
    config = httpx.get(f"{origin}/config.json", timeout=BOUND_SECONDS).json()
    preflight = run.client.options("/jobs")

    assert "<title>JobFlow</title>" in page.text
    assert run.client.base_url == config["apiUrl"]
    assert config["devToken"].startswith("jf_")
    assert preflight.headers["access-control-allow-origin"] == origin
    assert run_policy(page)["connect-src"].split()[2] == config["apiUrl"]


def run_policy(page: httpx.Response) -> dict[str, str]:
    parts = page.headers["content-security-policy"].split(";")
    return {part.split()[0]: part.strip() for part in parts}


def test_a_type_reaches_all_that_it_declares_and_its_secret_is_in_nothing_kept(run: Run) -> None:
    session = boto3.Session("x", "x", region_name="us-east-1")
    dynamodb = session.client("dynamodb", endpoint_url=run.state["aws"])
    s3 = session.client("s3", endpoint_url=run.state["aws"])
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}, "total": {"S": "12.50"}})
    job = run.finished(run.submit("order.copy", {"order": "7"}))
    assert job["result"] == {"key": "orders/1/7", "secret": "[secret BILLING_KEY]", "length": "8"}
    assert s3.get_object(Bucket="acme-archive", Key="orders/1/7")["Body"].read() == b"12.50"
    assert "k-314159" not in (run.folder / "stdout").read_text() + run.said()


def test_an_edit_of_a_template_is_told(run: Run) -> None:
    path = run.root / "dev" / "orders.yaml"
    path.write_text(path.read_text() + "# edited\n")
    until(lambda: "Edited: dev/orders.yaml" in run.said())


@pytest.mark.parametrize(("role", "may_create"), [("viewer", False), ("operator", True)])
def test_a_token_that_was_issued_here_has_its_role_only(run: Run, role: str, may_create: bool) -> None:
    def token(*arguments: str) -> str:
        command = [sys.executable, "-m", "infra.cloud", "token", *arguments]
        environment = {**untouched(), "JOBFLOW_STATE_DIR": str(run.folder)}
        done = subprocess.run(command, cwd=run.root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    headers = {"Authorization": f"Bearer {token('issue', '--role', role).strip()}"}
    body = {"type": "greet.once", "payload": {"name": "Ada"}}
    assert run.client.get("/jobs", headers=headers).status_code == 200
    assert run.client.post("/jobs", headers=headers, json=body).status_code == (201 if may_create else 403)
    assert run.client.post("/job-types/greet.once/pause", headers=headers, json={}).status_code == 403
    [row] = [line for line in token("list").splitlines() if f"a local {role}" in line]
    token("revoke", "--id", row.split()[0])
    assert "revoked" in next(line for line in token("list").splitlines() if f"a local {role}" in line)


def test_what_a_role_does_not_allow_is_refused_with_the_line_to_add(run: Run) -> None:
    job = run.submit("greet.denied", {"name": "Ada"}, max_attempts=1)
    until(lambda: run.job(job)["status"] == "dead_letter")
    assert "The role of jobflow-dev-greet-denied does not allow s3:ListAllMyBuckets" in str(run.job(job))
    assert "Add to its @job: access=AwsAccess(grants=(Allow(" in str(run.job(job))
