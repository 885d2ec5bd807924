"""A project's state is kept outside of it, so that `chalice local` does not start anew for it."""

from pathlib import Path

import pytest
from chalice.cli.filewatch.stat import StatFileWatcher
from chalice.utils import OSUtils

from infra.local.state.folder import OF_A_PROJECT, make


def restarts(project: Path, changed: Path) -> bool:
    """Return whether chalice's watcher asks for a restart when that file is written, a new or a known one."""
    asked: list[bool] = []
    watcher = StatFileWatcher(OSUtils())
    watcher._seed_mtime_cache(str(project))
    changed.write_text("{}")
    watcher._single_pass_poll(str(project), lambda: asked.append(True))
    return bool(asked)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("")
    return folder


def test_chalice_does_not_start_anew_for_what_is_kept_there(project: Path, tmp_path: Path) -> None:
    folder = project / OF_A_PROJECT
    make(folder, {"HOME": str(tmp_path / "home")})
    assert not restarts(project, folder / "dev.json")
    assert (folder / "dev.json").resolve().is_relative_to(tmp_path / "home" / ".local" / "state" / "jobflow")
    assert restarts(project, project / "app2.py"), "the watcher would notice"


def test_each_checkout_has_a_folder_of_its_own_and_finds_it_again(project: Path, tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path / "state")}
    other = tmp_path / "other" / "project"
    other.mkdir(parents=True)
    for each in (project, other):
        make(each / OF_A_PROJECT, home)
        (each / OF_A_PROJECT / "token").write_text(str(each))
    (project / OF_A_PROJECT).unlink()
    make(project / OF_A_PROJECT, home)
    assert (project / OF_A_PROJECT / "token").read_text() == str(project)


def test_a_link_to_what_was_removed_leads_somewhere_again(project: Path, tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path / "state")}
    make(project / OF_A_PROJECT, home)
    (project / OF_A_PROJECT).resolve().rmdir()
    make(project / OF_A_PROJECT, home)
    assert (project / OF_A_PROJECT).is_dir()


def test_without_a_home_to_write_to_it_is_in_the_project(project: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    make(project / OF_A_PROJECT, {"HOME": str(tmp_path / "home")})
    assert (project / OF_A_PROJECT).is_dir()
    assert not (project / OF_A_PROJECT).is_symlink()
