"""The command line on the running platform, as a shell calls it: without a setting, in a process of its own."""

import json
import subprocess
import sys

from tests.infra.local.running import ROOT, Run, untouched


def typed(run: Run, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder of the user's project."""
    environment = {**untouched(), "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(run.folder / "own")}
    command = [sys.executable, "-m", "jobflow", *line.split()]
    return subprocess.run(
        command, cwd=run.root / "handlers", env=environment, capture_output=True, text=True, check=False
    )


def test_a_job_is_followed_to_its_end_and_looked_at(run: Run) -> None:
    done = typed(run, "jobs create flow.probe -f fail=1 --wait --timeout 2m")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["status"], last["result"]) == ("completed", {"attempt": 2})
    shown = json.loads(typed(run, "jobs show @last").stdout)
    assert (shown["id"], len(shown["attempt_history"])) == (last["id"], 2)
    logs = [json.loads(line) for line in typed(run, "logs @last").stdout.splitlines()]
    assert {line["attempt"] for line in logs} >= {1, 2}
    refused = typed(run, f"jobs cancel {last['id'][:8]}")
    assert (refused.returncode, "completed" in refused.stderr) == (1, True)


def test_a_failed_job_is_seen_in_the_exit_code_and_in_errors(run: Run) -> None:
    done = typed(run, "jobs create flow.probe -f fail=1 -f how=permanent --wait --timeout 2m")
    assert (done.returncode, "PermanentError: never" in done.stderr) == (3, True)
    listed = typed(run, "jobs list --status failed --type flow.probe").stdout.splitlines()
    assert {json.loads(line)["error_message"] for line in listed} == {"never"}
