"""Test the demo, with the real platform and with one that answers wrongly."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.infra.local.running import BOUND_SECONDS, ROOT, running
from tests.support import BUILT_IN


def demo(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scripts.demo"],
        env={**os.environ, "JOBFLOW_STATE_DIR": str(folder), "COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=4 * BOUND_SECONDS,
    )


def test_against_the_real_platform_everything_is_as_it_should_be_and_every_example_works(tmp_path: Path) -> None:
    with running(ROOT, tmp_path, MAIL_RATE="5", JOBFLOW_EXAMPLES="examples/orders/handlers") as run:
        done = demo(tmp_path)
        ended = {job["type"]: job["status"] for job in run.client.get("/jobs").json()["jobs"]}
        kinds = [kind for kind in run.client.get("/job-types").json()["job_types"] if kind["type"] in BUILT_IN]
        examples = [run.submit(kind["type"], kind["example"]) for kind in kinds]
        results = [run.finished(job_id)["result"] for job_id in examples]
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "1536 x 1024 became 900 x 600",
        "SES took it for 2 recipients",
        "It waits for the event approved since ",
        "event approved by ",
        "2 of 2 attempts are spent",
        "image.process completed at attempt 1",
        "5 jobs, 100% of those that ended succeeded",
        "It is scheduled for ",
        "the schedule is deleted again",
        "three parcels are under way",
        "track-o-1042-lamp is delivered",
        "all are delivered: it sleeps until ",
        "11 e-mails started within ",
        "All results are as expected.",
    ):
        assert said in done.stdout
    assert len(results) == len(kinds) >= len(BUILT_IN)
    assert all(results)
    assert ended == {
        "email.send": "completed", "image.process": "completed", "report.generate": "completed",
        "order.place": "suspended", "parcel.ship": "completed",
    }  # fmt: skip


def test_without_a_running_platform_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 1
    assert "make dev" in done.stdout


def test_a_platform_that_is_gone_ends_it_with_an_error(tmp_path: Path) -> None:
    state = {"api": "http://127.0.0.1:9", "token": "jf_x", "dashboard": None}
    (tmp_path / "dev.json").write_text(json.dumps(state))
    done = demo(tmp_path)
    assert done.returncode == 1
    assert "✗" in done.stdout
