"""Check that the process that the runner starts for it applies an edit of jobflow.toml."""

from pathlib import Path

import pytest

from infra.local.code import settings_file
from infra.local.errors import BrokenCode
from jobflow.project import tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and an installed platform with one built-in type."""
    installed = tmp_path / "site" / "jobflow_platform"
    (installed / "tree" / tree.BUILT_IN).mkdir(parents=True)
    (installed / "types").mkdir()
    (installed / "types" / "email_send.py").write_text("mail")
    monkeypatch.setenv("PYTHONPATH", str(installed.parent))
    made = tmp_path / "my-jobs"
    (made / "handlers").mkdir(parents=True)
    (made / "jobflow.toml").write_text("builtin = []\n")
    return made


def test_built_in_types_come_and_go(project: Path) -> None:
    settings = project / "jobflow.toml"
    for names, files in ((["email.send"], ["email_send.py"]), ([], [])):
        settings.write_text(f"builtin = {names}\n")
        settings_file.take(settings)
        assert [path.name for path in (project / ".jobflow" / "tree" / tree.BUILT_IN).glob("*.py")] == files


def test_what_cannot_be_read_is_told(project: Path) -> None:
    settings = project / "jobflow.toml"
    settings.write_text('builtin = ["email.sned"]\n')
    with pytest.raises(BrokenCode, match=r"jobflow\.toml: builtin has 'email\.sned'; there are email\.send\."):
        settings_file.take(settings)
