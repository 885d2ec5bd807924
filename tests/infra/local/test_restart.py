"""Kill `python -m infra.local` and start it again: its jobs continue."""

import os
import signal
from pathlib import Path

import httpx

from tests.infra.local.running import BOUND_SECONDS, Run, alive, copy_of_the_code, running, until

WAITING = """\
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from chalicelib import Delays, JobContext, consume, job


class FileWait(BaseModel):
    "A file."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"gone": "/tmp/x"}]})
    gone: str


@job("file.wait", timeout=7, retry=Delays((600,) * 8))
def file_wait(payload: FileWait, ctx: JobContext) -> None:
    "Wait until a file is gone; fail without a name."
    if not payload.gone:
        raise ValueError("not today")
    while Path(payload.gone).exists():
        time.sleep(0.05)


handler = consume(file_wait)
"""
HIDDEN_SECONDS = 6 * 7
"""The visibility timeout of the messages of this type."""
MAIL = {"to": ["ada@example.com"], "subject": "Hello", "text": "Hello"}


def statuses(run: Run, ids: list[str]) -> list[str]:
    return [run.job(job_id)["status"] for job_id in ids]


def counted(run: Run) -> dict[str, int]:
    """Return the numbers of jobs by status, without zeros."""
    found = run.client.get("/metrics").json()["by_type"]["file.wait"]["by_status"]
    return {status: number for status, number in found.items() if number}


def kill(run: Run, part: str) -> None:
    """Kill one process with SIGKILL once a snapshot has the state of the run; return once all processes have ended."""
    file = run.folder / "moto" / "snapshot.gz"
    written = file.stat().st_mtime_ns
    until(lambda: file.stat().st_mtime_ns != written)
    pids = run.pids()
    os.kill(run.state["pids"][part], signal.SIGKILL)
    until(lambda: not [pid for pid in pids if alive(pid)])
    (run.folder / "dev.json").unlink(missing_ok=True)  # the state file of a killed runner


def forward(run: Run, seconds: float) -> None:
    """Put the clock of the queues forward."""
    url = f"{run.state['aws']}/_jobflow/clock"
    httpx.post(url, json={"advance": seconds}, timeout=BOUND_SECONDS).raise_for_status()


def test_the_jobs_of_a_killed_run_go_on_until_a_fresh_start(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path / "code")
    (root / "handlers" / "file_wait.py").write_text(WAITING)
    held, free = tmp_path / "held", tmp_path / "free"
    held.touch()
    settings = {"JOBFLOW_CONCURRENCY": "1", "JOBFLOW_KEEP_SECONDS": "0.2"}
    with running(root, tmp_path, **settings) as first:
        done, failed, lost, *waiting = (
            first.submit("file.wait", {"gone": str(name)}, max_attempts=9) for name in (free, "", held, free, free)
        )
        until(lambda: statuses(first, [done, failed, lost]) == ["completed", "retrying", "processing"])
        assert first.client.post("/job-types/email.send/pause", json={}).is_success
        until(lambda: first.state["paused"])
        paused = first.submit("email.send", MAIL)
        kill(first, "runner")

    with running(root, tmp_path, **settings) as second:
        until(lambda: "Back from the last run" in second.said())
        assert second.state["paused"] == ["email.send"]
        assert statuses(second, [done, failed, paused]) == ["completed", "retrying", "queued"]
        later = second.submit("file.wait", {"gone": str(free)})
        kill(second, "emulator")

    held.unlink()
    with running(root, tmp_path) as third:
        forward(third, HIDDEN_SECONDS)
        until(lambda: statuses(third, [lost, *waiting, later]) == ["completed"] * 4)
        assert third.job(lost)["attempts"] > 1
        assert statuses(third, [done, failed, paused]) == ["completed", "retrying", "queued"]
        until(lambda: counted(third) == {"completed": 5, "retrying": 1})
        assert third.client.post("/job-types/email.send/resume", json={}).is_success
        third.finished(paused)
        assert third.stop() == 0

    with running(root, tmp_path, FRESH="1") as fresh:
        assert fresh.client.get(f"/jobs/{done}").status_code == 404
        assert "the last run" not in fresh.said()
