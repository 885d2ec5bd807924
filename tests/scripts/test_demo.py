"""The demo, against the real platform and against one that misbehaves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from scripts.demo.api import Api, Unexpected
from scripts.demo.steering import busiest
from tests.infra.local.running import BOUND_SECONDS, ROOT, running
from tests.support import BUILT_IN

JOB = {"status": "processing", "error_class": None, "error_message": None}


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
    with running(ROOT, tmp_path, MAIL_RATE="5") as run:
        done = demo(tmp_path)
        ended = {job["type"]: job["status"] for job in run.client.get("/jobs").json()["jobs"]}
        kinds = run.client.get("/job-types").json()["job_types"]
        examples = [run.submit(kind["type"], kind["example"]) for kind in kinds]
        results = [run.finished(job_id)["result"] for job_id in examples]
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "1536 x 1024 became 900 x 600",
        "SES took it for 2 recipients",
        "2 of 2 attempts are spent",
        "image.process completed at attempt 1",
        "4 jobs, 100% of those that ended succeeded",
        "It is scheduled for ",
        "the schedule is deleted again",
        "11 e-mails started within ",
        "All results are as expected.",
    ):
        assert said in done.stdout
    assert len(results) == len(kinds) >= len(BUILT_IN)
    assert all(results)
    assert ended == {"email.send": "completed", "image.process": "completed", "report.generate": "completed"}


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


class Ticks:
    """A clock that moves by what is slept, and keeps how long that was."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def api(answer: Callable[[httpx.Request], httpx.Response], ticks: Ticks) -> Api:
    client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer))
    return Api(client, sleep=ticks.sleep, clock=ticks)


def test_it_waits_for_a_job_until_it_is_where_it_should_be() -> None:
    states = iter(["queued", "processing", "completed"])
    ticks = Ticks()
    found = api(lambda _: httpx.Response(200, json={**JOB, "status": next(states)}), ticks).ended("j", "completed")
    assert (found["status"], len(ticks.slept)) == ("completed", 2)


def test_a_job_that_ends_otherwise_is_told_with_its_error() -> None:
    job = {"status": "failed", "error_class": "PermanentError", "error_message": "no"}
    with pytest.raises(Unexpected, match=r"Job j is failed and should be completed \(PermanentError: no\)"):
        api(lambda _: httpx.Response(200, json=job), Ticks()).ended("j", "completed")


def test_a_job_that_never_ends_is_given_up_after_two_minutes() -> None:
    ticks = Ticks()
    with pytest.raises(Unexpected, match="is processing and should be completed"):
        api(lambda _: httpx.Response(200, json=JOB), ticks).ended("j", "completed")
    assert 120 <= ticks.now <= 121


def test_the_rate_limit_is_waited_out() -> None:
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(201, json={"id": "j"})])
    ticks = Ticks()
    assert api(lambda _: next(answers), ticks).submit("email.send", {}) == "j"
    assert ticks.slept == [7.0]


def test_a_refusal_is_told_in_the_apis_words() -> None:
    with pytest.raises(Unexpected, match=r"POST http://api/jobs answered 422: .*no such type"):
        api(lambda _: httpx.Response(422, json={"detail": "no such type"}), Ticks()).submit("x.y", {})


def test_the_busiest_window_is_found_wherever_it_begins() -> None:
    assert busiest([0.0, 0.2, 0.9, 1.0, 1.1, 3.0], 1.0) == 4
    assert busiest([5.0], 1.0) == 1
