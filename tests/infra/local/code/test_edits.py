"""Test which edits are reported."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.code.edits import Watcher

BOUND_SECONDS = 120


@pytest.fixture
def edits(tmp_path: Path) -> Iterator["queue.Queue[set[Path]]"]:
    for folder in ("chalicelib/api", "handlers/__pycache__", "infra/definition/data", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app.py").touch()
    seen: queue.Queue[set[Path]] = queue.Queue()
    watcher = Watcher(tmp_path, seen.put)
    watcher.wait_until_watching()
    yield seen
    watcher.close()


def test_every_edit_of_the_code_counts(tmp_path: Path, edits: "queue.Queue[set[Path]]") -> None:
    for edited in ("app.py", "handlers/new.py", "handlers/page.html", "chalicelib/api/routes.py",
                   "infra/definition/data/queues.py"):  # fmt: skip
        path = tmp_path / edited
        path.write_text("x")
        while path not in edits.get(timeout=BOUND_SECONDS):
            pass


def test_an_editor_that_replaces_the_file_is_seen_again_and_again(
    tmp_path: Path, edits: "queue.Queue[set[Path]]"
) -> None:
    for _ in range(2):
        draft = tmp_path / "handlers" / "draft"
        draft.write_text("x")
        draft.replace(tmp_path / "app.py")
        assert tmp_path / "app.py" in edits.get(timeout=BOUND_SECONDS)


def test_anything_else_does_not(tmp_path: Path, edits: "queue.Queue[set[Path]]") -> None:
    for edited in ("notes.py", "tests/test_x.py", "handlers/__pycache__/new.pyc", "handlers/.new.py.swp",
                   "handlers/sedXy1", "handlers/last.py"):  # fmt: skip
        (tmp_path / edited).write_text("x")
    seen = edits.get(timeout=BOUND_SECONDS)
    while tmp_path / "handlers" / "last.py" not in seen:
        seen |= edits.get(timeout=BOUND_SECONDS)
    assert seen == {tmp_path / "handlers" / "last.py"}


def test_an_edit_of_the_settings_counts_wherever_they_are_and_nothing_else_there(tmp_path: Path) -> None:
    root, project = tmp_path / "project" / ".jobflow" / "tree", tmp_path / "project"
    (root / "handlers").mkdir(parents=True)
    settings, seen = project / "jobflow.toml", queue.Queue[set[Path]]()
    watcher = Watcher(root, seen.put, settings)
    watcher.wait_until_watching()
    try:
        (project / "notes.toml").write_text("x")
        settings.write_text("x")
        assert seen.get(timeout=BOUND_SECONDS) == {settings}
    finally:
        watcher.close()


def test_an_edit_of_the_secrets_counts_where_the_tree_has_a_link_to_them_each_time(tmp_path: Path) -> None:
    project = tmp_path / "project"
    root = project / ".jobflow" / "tree"
    (root / "handlers").mkdir(parents=True)
    secrets, seen = project / ".env", queue.Queue[set[Path]]()
    (root / ".env").symlink_to(secrets)
    watcher = Watcher(root, seen.put)
    watcher.wait_until_watching()
    try:
        for text in ("KEY=1", "KEY=2"):
            secrets.write_text(text)
            assert seen.get(timeout=BOUND_SECONDS) == {secrets}
    finally:
        watcher.close()


def test_an_edit_of_a_package_beside_handlers_counts(tmp_path: Path) -> None:
    root, package = tmp_path / "tree", tmp_path / "acme"
    package.mkdir()
    (package / "__init__.py").touch()
    (root / "handlers").mkdir(parents=True)
    (root / "acme").symlink_to(package)
    seen = queue.Queue[set[Path]]()
    watcher = Watcher(root, seen.put)
    watcher.wait_until_watching()
    (package / "text.py").touch()
    assert seen.get(timeout=BOUND_SECONDS) == {root / "acme" / "text.py"}
    watcher.close()
