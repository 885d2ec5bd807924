"""The state file: one run has it, and a run survives its loss."""

import json
import shutil
from pathlib import Path

import pytest

from infra.local.errors import CannotRun
from infra.local.state.file import StateFile


def test_a_second_run_is_refused_and_leaves_the_file_of_the_first(tmp_path: Path) -> None:
    first = StateFile(tmp_path)
    first.claim()
    first.write({"api": "here"})

    with pytest.raises(CannotRun, match="JOBFLOW_STATE_DIR"):
        StateFile(tmp_path).claim()

    assert json.loads(first.path.read_text()) == {"api": "here"}
    first.remove()


def test_a_removed_folder_is_made_again(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    state.write({"api": "here"})
    shutil.rmtree(tmp_path / "state")

    state.write({"api": "here"})

    assert json.loads(state.path.read_text()) == {"api": "here"}
