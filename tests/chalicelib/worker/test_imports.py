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
Write = Callable[..., None]


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


def test_a_file_that_ends_the_process_holds_only_the_jobs_of_its_type(shared: Shared, write: Write) -> None:
    write("mail.good")
    write("mail.exit", "    import sys\n    sys.exit('config is missing')\n")
    shared.submit("mail.exit", "job-1")
    shared.submit("mail.good", "job-2")
    shared.poll()
    assert shared.statuses("job-1", "job-2") == ["queued", "completed"]


TICKS = """
    from tests.chalicelib.worker import test_imports
    test_imports.tick({seconds})
"""
tick: Callable[[float], None]


def slow(seconds: float) -> str:
    return TICKS.replace("{seconds}", str(seconds))


@pytest.fixture(autouse=True)
def _ticks(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "tick", shared.clock.advance, raising=False)


def test_a_file_that_fails_slowly_is_imported_once_in_an_invocation(shared: Shared, write: Write) -> None:
    write("mail.good")
    write("mail.slow", slow(8) + "    raise ConnectionError('the database is down')\n")
    begun = shared.clock.now
    for number in range(9):
        shared.submit("mail.slow", f"slow-{number}")
    shared.submit("mail.good", "job-1")
    shared.poll(60)
    assert shared.statuses("job-1", "slow-1") == ["completed", "queued"]
    assert shared.clock.now - begun < 10


def test_jobs_of_imported_types_run_before_another_file_is_imported(shared: Shared, write: Write) -> None:
    write("mail.good")
    write("mail.slow", slow(100) + GOOD)
    shared.submit("mail.good", "job-1")
    shared.poll()
    shared.submit("mail.slow", "job-2")
    shared.submit("mail.good", "job-3")
    shared.poll(60)
    assert shared.statuses("job-2", "job-3") == ["queued", "completed"]


def test_no_file_is_imported_when_most_of_the_time_has_passed(shared: Shared, write: Write) -> None:
    names = [f"mail.slow{number}" for number in range(4)]
    for name in names:
        write(name, slow(40) + GOOD)
        shared.submit(name, name)
    begun = shared.clock.now
    shared.poll(100)
    assert shared.clock.now - begun <= 80
    assert shared.statuses(*names) == ["completed", "completed", "queued", "queued"]
    shared.clock.advance(10)
    shared.poll(100)
    assert shared.statuses(*names) == ["completed"] * 4


def test_a_job_does_not_start_when_an_import_has_used_up_its_time(shared: Shared, write: Write) -> None:
    write("mail.good")
    write("mail.heavy", slow(9) + GOOD)
    shared.submit("mail.heavy", "job-1")
    shared.submit("mail.good", "job-2")
    shared.poll(10)
    assert shared.store.get("job-1").attempts == 0, "the invocation would have ended within the attempt"
    shared.clock.advance(5)
    shared.poll(10)
    assert shared.statuses("job-1") == ["completed"], "the process has the file now"
