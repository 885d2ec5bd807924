"""Test how `python -m infra.local` ends or fails to start: every process has ended, and one readable line says why."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from infra.local import lifeline
from infra.local.state.file import StateFile
from tests.infra.local.running import BOUND_SECONDS, ROOT, Run, alive, copy_of_the_code, running, start, until


def work_something_off(run: Run) -> list[int]:
    """Let a worker start; return the ids of every process of the run."""
    run.finished(run.submit("email.send", {"to": ["a@example.com"], "subject": "x", "text": "x"}))
    until(lambda: run.state["pids"]["workers"]["jobflow-dev-email-send"])
    return run.pids()


def test_an_interrupt_ends_every_process_and_only_the_token_is_kept(tmp_path: Path) -> None:
    with running(ROOT, tmp_path) as run:
        token, pids = run.state["token"], work_something_off(run)
        before = run.said()
        code = run.stop()

    assert code == 0
    assert len(run.said().removeprefix(before).splitlines()) == 1, run.said()  # that it is stopping, and no trouble
    assert not [pid for pid in pids if alive(pid)]
    assert not (tmp_path / "dev.json").exists()
    assert "Traceback" not in run.said()
    assert (tmp_path / "token").read_text().strip() == token


def test_an_interrupt_while_it_is_loading_ends_it_without_a_word() -> None:
    interrupted = """
        import os, signal, sys, time, types

        class Loading(types.ModuleType):
            def __getattr__(self, name):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)

        sys.modules["infra.local.runner"] = Loading("infra.local.runner")
        from infra.local.__main__ import main

        main()
    """
    program = [sys.executable, "-c", textwrap.dedent(interrupted)]
    done = subprocess.run(program, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_a_killed_runner_takes_every_process_along_and_faults_come_from_the_shell(tmp_path: Path) -> None:
    with running(ROOT, tmp_path, WATCH="1", JOBFLOW_FAULT_RATE="1") as run:
        job = run.submit("email.send", {"to": ["a@example.com"], "subject": "x", "text": "x"}, max_attempts=1)
        until(lambda: run.job(job)["status"] == "dead_letter")
        until(lambda: run.state["pids"]["workers"]["jobflow-dev-email-send"])
        pids = run.pids()
        assert {run.state["pids"][part] for part in ("api", "emulator", "dashboard")} < set(pids)
        run.stop(signal.SIGKILL)

    until(lambda: not [pid for pid in pids if alive(pid)])


@pytest.mark.parametrize("grace", [0, 60], ids=["function", "emulator"])
def test_only_an_emulator_may_work_on_after_the_end_of_its_parent(tmp_path: Path, grace: int) -> None:
    (tmp_path / "program.py").write_text(
        "import os, pathlib, signal, time\n"
        "def saved(*_):\n    pathlib.Path('saved').touch()\n    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, saved)\nprint('ready', flush=True)\ntime.sleep(600)\n"
    )
    command, pipe = [*lifeline.command(sys.executable, grace), "program"], subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=pipe, stdout=pipe) as program:
        assert program.stdin
        assert program.stdout
        program.stdout.readline()
        program.stdin.close()
        program.wait(BOUND_SECONDS)
    assert (tmp_path / "saved").exists() == (grace > 0)


def test_a_second_interrupt_ends_a_run_that_is_still_stopping(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path / "code")
    path = root / "infra" / "local" / "platform.py"
    stuck = '        """Stop every part that was started."""\n        time.sleep(600)\n'
    path.write_text(path.read_text().replace('        """Stop every part that was started."""\n', stuck))
    with running(root, tmp_path) as run:
        pids = run.pids()
        run.process.send_signal(signal.SIGINT)
        until(lambda: "Stopping" in run.said())

        def interrupt() -> bool:
            run.process.send_signal(signal.SIGINT)
            return run.process.poll() is not None

        until(interrupt)

    until(lambda: not [pid for pid in pids if alive(pid)])


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(ROOT, tmp_path, AWS_PORT=str(port))
        assert process.wait(BOUND_SECONDS) == 1

    said = (tmp_path / "stderr").read_text()
    assert f"Port {port} is in use" in said
    assert "AWS_PORT" in said
    assert "Traceback" not in said


def test_a_second_run_with_the_same_folder_is_one_sentence_and_leaves_the_first_alone(tmp_path: Path) -> None:
    first, output = StateFile(tmp_path), tmp_path / "second"
    first.claim()
    first.write({"pids": {}})
    before = first.path.read_text()
    output.mkdir()
    process = start(ROOT, output, JOBFLOW_STATE_DIR=str(tmp_path))
    try:
        until(lambda: process.poll() is not None or first.path.read_text() != before)
        assert process.poll() == 1
    finally:
        process.terminate()
        process.wait(BOUND_SECONDS)
        first.remove()

    [said] = (output / "stderr").read_text().splitlines()
    assert f"JobFlow already runs with the state folder {tmp_path}" in said
    assert not first.path.exists(), "it was still the first run's, which removed it"


def test_an_api_that_ends_is_started_again_and_an_emulator_that_ends_ends_the_run(tmp_path: Path) -> None:
    with running(ROOT, tmp_path) as run:
        first = run.state["pids"]["api"]
        subprocess.run(["kill", "-9", str(first)], check=True)
        until(lambda: run.state["pids"]["api"] != first)
        assert run.client.get("/health").status_code == 200

        subprocess.run(["kill", "-9", str(run.state["pids"]["emulator"])], check=True)
        assert run.process.wait(BOUND_SECONDS) == 1

    assert "The emulator ended" in run.said()
