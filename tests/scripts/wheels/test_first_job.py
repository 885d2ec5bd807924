"""The measurement of the way to a first job: README's commands, and what is too long."""

from pathlib import Path

import pytest

from jobflow.project import scaffold
from scripts.wheels import first_job
from tests.infra.local.running import ROOT


def test_readme_leads_to_a_first_job_with_four_commands_at_most() -> None:
    install, new, dev, create = first_job.commands()
    assert (install.split()[:2], new, dev) == (["pip", "install"], "jobflow new", "jobflow dev")
    assert create == f"jobflow jobs create {scaffold.FIRST} --example --wait"
    assert len(first_job.commands()) <= first_job.MOST_COMMANDS


def test_ci_does_it() -> None:
    assert "-m scripts.wheels.first_job" in (ROOT / ".ci" / "readme").read_text()
    assert ".ci/readme" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize(
    ("seconds", "cpu", "busy", "fit"),
    [(90, 80, False, True), (91, 40, False, False), (300, 80, True, True), (300, 91, True, False)],
)
def test_a_busy_machine_is_judged_by_its_cpu(seconds: float, cpu: float, busy: bool, fit: bool) -> None:
    assert first_job.fits(seconds, cpu, busy=busy) is fit


def test_the_edit_is_one_of_the_file_that_new_writes(tmp_path: Path) -> None:
    scaffold.new(tmp_path / "my-jobs")
    assert first_job.BEFORE in (tmp_path / "my-jobs" / first_job.HANDLER).read_text()


def test_a_command_that_fails_is_shown_with_its_output(tmp_path: Path) -> None:
    folder = first_job.Folder(tmp_path)
    with pytest.raises(first_job.Failed, match="no such thing"):
        folder.type("echo no such thing >&2; exit 3")
