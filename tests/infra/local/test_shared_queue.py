"""`make dev` with types that share a queue: one function works for them, and an edit moves a type to another queue."""

from pathlib import Path

from tests.infra.local.running import Run, copy_of_the_code, running, until

QUEUES = """\
from chalicelib import Function, Queue

MAIL = Queue("mail", function=Function(batch_size=5))
BILLS = Queue("bills")
"""
TYPE = """\
from pydantic import BaseModel, ConfigDict, Field

from acme.queues import {queue}
from chalicelib import JobContext, job


class Mail(BaseModel):
    "A mail."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={{"examples": [{{"text": "hi"}}]}})
    text: str = Field(max_length=40, description="The text.", examples=["hi"])


@job("mail.{name}", timeout=20, queue={queue})
def mail_{name}(payload: Mail, ctx: JobContext) -> str:
    "Send a mail."
    import os

    return os.environ["AWS_LAMBDA_FUNCTION_NAME"]
"""


def declare(root: Path, name: str, queue: str) -> None:
    (root / "handlers" / f"mail_{name}.py").write_text(TYPE.format(name=name, queue=queue))


def queue_of(run: Run, name: str) -> object:
    rows = run.client.get("/job-types").json()["job_types"]
    return next(row["queue"] for row in rows if row["type"] == name)


def test_types_share_a_function_pause_together_and_move(tmp_path: Path) -> None:
    root, folder = copy_of_the_code(tmp_path / "code"), tmp_path / "state"
    folder.mkdir()
    (root / "acme").mkdir()
    (root / "acme" / "__init__.py").touch()
    (root / "acme" / "queues.py").write_text(QUEUES)
    for name in ("welcome", "bill"):
        declare(root, name, "MAIL")
    with running(root, folder) as run:
        ids = [run.submit(f"mail.{name}", {"text": "hi"}) for name in ("welcome", "bill")]
        assert {run.finished(job_id)["result"] for job_id in ids} == {"jobflow-dev-queue-mail"}
        run.client.post("/job-types/mail.bill/pause").raise_for_status()
        until(lambda: run.state["paused"] == ["mail"])
        held = run.submit("mail.welcome", {"text": "hi"})
        assert "The mail queue is paused" in run.job(held)["why"]
        declare(root, "bill", "BILLS")
        until(lambda: queue_of(run, "mail.bill") == "bills")
        moved = run.finished(run.submit("mail.bill", {"text": "hi"}))
        assert moved["result"] == "jobflow-dev-queue-bills", "the pause of its former queue does not hold it"
        assert run.job(held)["status"] == "queued"
        run.client.post("/job-types/mail.welcome/resume").raise_for_status()
        assert run.finished(held)["result"] == "jobflow-dev-queue-mail"
