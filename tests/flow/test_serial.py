"""Test a type whose jobs run one at a time for a key, on the running platform: its FIFO queue, its role, its worker."""

from pathlib import Path
from typing import Any

from tests.infra.local.running import Run


def test_the_jobs_of_an_account_run_one_after_the_other_and_those_of_another_beside_them(
    run: Run, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    asked: list[dict[str, Any]] = [
        {"account": "acme", "fail": 1, "gate": str(gate)}, {"account": "acme"}, {"account": "globex"},
    ]  # fmt: skip
    ids = [run.submit("flow.serial", payload) for payload in asked]
    other = run.finished(ids[2])
    gate.unlink()
    first, second = map(run.finished, ids[:2])
    assert [job["status"] for job in (first, second, other)] == ["completed"] * 3
    assert [attempt["outcome"] for attempt in first["attempt_history"]] == ["error", "completed"]
    # times in one format are sorted in the order of time
    assert second["started_at"] >= first["finished_at"], "the first one backed off, and kept its place"
    assert other["finished_at"] < second["started_at"]
