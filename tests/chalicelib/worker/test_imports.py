"""Test a worker of a shared queue that imports the files of its types: files that fail, end the process, or are slow.

The files are real, in a package of the test's own in place of `handlers/`.
"""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.job_types import jobtype
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.shared_queue import Shared

GOOD = """
    from chalicelib import Function, JobContext, Queue, job
    from pydantic import BaseModel

    class Note(BaseModel):
        text: str = "hello"

    @job("{name}", queue=Queue("mail", function=Function(batch_size=10)), max_attempts=1)
    def act(note: Note, ctx: JobContext) -> str:
        return "done"
"""
Write = Callable[[str, str], None]


@pytest.fixture
def shared() -> Iterator[Shared]:
    with only_types():
        yield Shared()


@pytest.fixture
def write(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return a function that writes the file of a type."""
    package = tmp_path / "late_handlers"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(jobtype, "PACKAGES", (package.name,))

    def write(name: str, text: str = GOOD) -> None:
        (package / f"{name.replace('.', '_')}.py").write_text(textwrap.dedent(text).format(name=name))

    yield write
    for module in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[module]


def test_no_job_runs_in_a_file_whose_import_failed_after_its_declaration(
    shared: Shared, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_TEMPLATES", raising=False)
    write("mail.half", GOOD + "\n    import os\n    TEMPLATES = os.environ['MAIL_TEMPLATES']\n")
    shared.submit("mail.half", "job-1")
    for _ in range(2):
        shared.poll()
        assert shared.statuses("job-1") == ["queued"], "no attempt is used up"
        shared.clock.advance(30)
    monkeypatch.setenv("MAIL_TEMPLATES", "there now")
    shared.poll()
    assert shared.statuses("job-1") == ["completed"]


def test_no_job_runs_in_a_file_that_another_file_could_not_import(shared: Shared, write: Write) -> None:
    write("mail.half", GOOD + "\n    import not_installed\n")
    write(
        "mail.good", "    try:\n        import late_handlers.mail_half\n    except ImportError:\n        pass\n" + GOOD
    )
    shared.submit("mail.good", "job-1")
    shared.submit("mail.half", "job-2")
    shared.poll()
    assert shared.statuses("job-1", "job-2") == ["completed", "queued"]
