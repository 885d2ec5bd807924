"""Provide a platform for the trees of repositories."""

from pathlib import Path

import pytest

from jobflow.project import tree


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """An installed platform with two built-in types."""
    made = tmp_path / "installed" / "tree"
    (made / tree.BUILT_IN).mkdir(parents=True)
    (made / "app.py").write_text("one")
    types = made.parent / "types"
    types.mkdir()
    (types / "email_send.py").write_text("mail")
    (types / "image_process.py").write_text("image")
    return made
