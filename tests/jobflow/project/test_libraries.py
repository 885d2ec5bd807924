"""Test which requirements files of job types `jobflow setup` installs."""

from pathlib import Path

import pytest

from infra.cloud.package.libraries import included
from jobflow.project.libraries import loose


@pytest.mark.parametrize("word", ["-r ", "-r", "-r\t", "-r  ", "--requirement ", "--requirement=", "--requirement\t"])
def test_a_file_that_names_another_is_pinned_by_it(tmp_path: Path, word: str) -> None:
    path = tmp_path / "a.requirements.txt"
    path.write_text(f"{word}b.requirements.txt\n")
    assert loose([path]) == []
    assert included(path) == [tmp_path / "b.requirements.txt"]


def test_a_library_without_a_hash_is_found(tmp_path: Path) -> None:
    path, fine = tmp_path / "a.requirements.txt", tmp_path / "b.requirements.txt"
    path.write_text("# why\nx==1\n")
    fine.write_text("x==1 \\\n    --hash=sha256:1\n")
    assert loose([path, fine]) == [path]
