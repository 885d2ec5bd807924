"""Test `JOBFLOW_BACKEND=ministack make dev`: the same platform on the second emulator, which keeps its state."""

from pathlib import Path

import pytest

from tests.infra.local.running import ROOT, running, until

pytestmark = pytest.mark.ministack

MAIL = {"to": ["ada@example.com"], "subject": "Hello", "text": "On another emulator."}


def test_jobs_are_worked_off_counted_and_there_after_a_restart(tmp_path: Path) -> None:
    with running(ROOT, tmp_path, JOBFLOW_BACKEND="ministack") as run:
        assert run.state["backend"] == "ministack"
        done = run.finished(run.submit("email.send", MAIL))
        until(lambda: run.client.get("/metrics").json()["completed_jobs"] == 1)
        assert run.stop() == 0
    with running(ROOT, tmp_path, JOBFLOW_BACKEND="ministack") as run:
        assert run.job(done["id"]) == done
        run.finished(run.submit("email.send", MAIL))
        until(lambda: run.client.get("/metrics").json()["completed_jobs"] == 2)
