"""Test what `jobflow check` and `jobflow test` report about job types before they run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.checking import findings
from infra.code import declared
from tests.infra.local.running import ROOT, copy_of_the_code


def test_what_does_not_ship_is_refused_in_a_sentence_by_the_program_that_test_and_check_begin_with(
    tmp_path: Path,
) -> None:
    root = copy_of_the_code(tmp_path)
    command = [sys.executable, "-P", "-m", "infra.checking"]
    environment = {**os.environ, "PYTHONPATH": str(root), "JOBFLOW_PROGRAM": "jobflow"}
    fine = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (fine.returncode, fine.stdout) == (0, ""), fine.stderr
    (root / "handlers" / "word_count.py").write_text("import httpx\n")
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    first, *_, place = done.stderr.splitlines()
    assert (done.returncode, "'httpx' in what ships" in first, "`jobflow lock`" in first) == (1, True, True)
    assert place == "  handlers/word_count.py:1 in <module>: import httpx"


TYPE = """\
{top}
from pydantic import BaseModel, ConfigDict

from chalicelib import AwsAccess, JobContext, consume, job


class {model}(BaseModel):
    "Nothing."

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={{"examples": [{{}}]}})


@job("{name}", timeout=30{more})
def {module}(payload: {model}, ctx: JobContext) -> None:
    "Do nothing."
    {inside}


handler = consume({module})
"""


def declare(root: Path, name: str, top: str = "", inside: str = "", more: str = "") -> None:
    """Add a job type to a copy of the code."""
    module, model = name.replace(".", "_"), "".join(part.capitalize() for part in name.split("."))
    text = TYPE.format(name=name, module=module, model=model, top=top, inside=inside, more=more)
    (root / "handlers" / f"{module}.py").write_text(text)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A copy of the code with a package beside its job types, and one type with a library."""
    root = copy_of_the_code(tmp_path)
    (root / "acme").mkdir()
    (root / "acme" / "__init__.py").touch()
    (root / "acme" / "text.py").write_text("def shout(text):\n    return text.upper()\n")
    (root / "acme" / "client.py").write_text("import httpx\n")
    (root / "acme" / "settings.py").write_text('import os\n\nURL = os.environ["ACME_URL"]\n')
    url = ', access=AwsAccess(environment={"ACME_URL": "https://example.com"})'
    declare(root, "page.fetch", "from acme.text import shout", "import acme.client, acme.settings", url)
    (root / "handlers" / "page_fetch.requirements.txt").write_text("httpx==0.28.1 --hash=sha256:0\n")
    return root


def test_a_type_may_import_own_code_its_libraries_and_its_environment(shared: Path) -> None:
    assert findings(shared) == []


def test_what_one_type_has_no_other_type_has(shared: Path) -> None:
    declare(shared, "page.read", "from acme.text import shout", "from acme import client")
    declare(shared, "page.send", "", "from acme.settings import URL")
    library, variable = findings(shared)
    assert "'httpx' in what ships. For one job type" in library
    assert library.endswith("acme/client.py:1 in <module>: import httpx")
    assert variable.startswith(
        'The variable ACME_URL is not set. Declare it in @job: access=AwsAccess(environment={"ACME'
    )


def test_every_finding_is_told_once_and_those_of_one_file_do_not_hide_those_of_another(shared: Path) -> None:
    declare(shared, "page.one", "from acme.settings import URL")
    declare(shared, "page.two", "import common")
    declare(shared, "page.three", "import typer", "import click")
    (shared / "common.py").touch()
    found = findings(shared)
    starts = (
        "The variable ACME_URL is not set: the API imports",
        "The file common.py does not ship",
        "No module named",
    )
    assert [sum(text.startswith(start) for text in found) for start in starts] == [1, 1, 2]
    assert not any("Traceback" in text or len(text.partition("\n")[0]) > 320 for text in found)


def test_a_type_without_a_function_is_a_finding(shared: Path) -> None:
    file = shared / "handlers" / "page_fetch.py"
    file.write_text(file.read_text().replace("handler = consume(", "consume("))
    [told] = findings(shared)
    assert "`handler = consume(page_fetch)`" in told


def test_what_waits_at_the_import_and_what_ends_the_process_is_told(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(shared, "page.end", "", "import acme.end")
    (shared / "acme" / "end.py").write_text("import os\n\nos._exit(0)\n")
    assert findings(shared) == ["The import of handlers.page_end ends the process."]
    monkeypatch.setattr(declared, "SECONDS", 5)
    declare(shared, "page.wait", "import time\ntime.sleep(600)")
    assert findings(shared) == [declared.TOO_LONG]


def test_libraries_that_are_listed_and_not_installed_are_told(shared: Path) -> None:
    requirements = shared / "handlers" / "page_fetch.requirements.txt"
    requirements.write_text("no-such-library==1 --hash=sha256:0\n")
    (shared / "acme" / "client.py").write_text("import no_such_library\n")
    [told] = findings(shared)
    assert told.startswith(
        "handlers/page_fetch.requirements.txt lists what is not installed here: no-such-library. Run"
    )
    requirements.write_text("no-such-library\n")
    [told] = findings(shared)
    assert "does not pin 'no-such-library' with hashes" in told


def test_more_types_than_a_stack_takes_are_told_before_packaging(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path)
    (root / "acme").mkdir()
    (root / "acme" / "__init__.py").write_text("")
    (root / "acme" / "queues.py").write_text('from chalicelib import Queue\n\nTASKS = Queue("tasks")\n')
    for number in range(70):
        declare(root, f"task.n{number}")
    (told,) = declared.describe(root, "jobflow-check", "http://localhost").limits
    assert "73 job types need" in told
    assert "CloudFormation takes 500" in told
    for number in range(70):
        declare(root, f"task.n{number}", "from acme.queues import TASKS", more=", queue=TASKS")
    assert declared.describe(root, "jobflow-check", "http://localhost").limits == []


QUEUE = """\
from chalicelib import consume
from jobflow.celery.worker import queue


@queue("mail")
def celery_mail() -> None:
    "Start the application, and import its tasks."
    import acme.settings

    acme.settings.STARTED = True
    import acme.tasks


handler = consume(celery_mail)
"""
TASKS = """\
from acme import settings
from jobflow.celery import shared_task

if not settings.STARTED:
    raise RuntimeError("The application has not started.")


@shared_task{options}
def welcome(user):
    "Send a mail."
"""


def test_the_tasks_of_a_queue_are_imported_as_the_queue_does_it(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path)
    shutil.copytree(ROOT / "jobflow", root / "jobflow")
    (root / "acme").mkdir()
    (root / "acme" / "__init__.py").touch()
    (root / "acme" / "settings.py").write_text("STARTED = False\n")
    (root / "acme" / "tasks.py").write_text(TASKS.format(options=""))
    (root / "handlers" / "celery_mail.py").write_text(QUEUE)
    assert findings(root) == []
    (root / "acme" / "tasks.py").write_text(TASKS.format(options='(rate_limit="10/m")'))
    [refused] = findings(root)
    assert "rate_limit='10/m' is not offered" in refused
