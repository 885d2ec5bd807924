"""Check that the client ships with the functions if a job type imports it, and works there without httpx."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.cloud.package import client

PROGRAM = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from jobflow import JobFlow, context
from jobflow.errors import ConfigurationError

told = []
for target in ((), ("https://jobs.example.com", "jf_token")):
    try:
        JobFlow(*target).submit("a.b", {})
    except ConfigurationError as error:
        told.append(str(error))
asked = []
context.RUNNING.set(context.Attempt("the context", lambda *given, **named: asked.append([given, named["key"]])))
try:
    JobFlow().submit("a.b", {"at": 1}, key="k")
except AttributeError:  # what this attempt returns is no job
    pass
print(json.dumps([told, asked, "httpx" in sys.modules]))
"""


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("import jobflow", True),
        ("def f():\n    from jobflow.context import current", True),
        ("try:\n    import jobflow\nexcept ImportError:\n    pass", True),
        ("import jobflows\nfrom .jobflow import x", False),
    ],
)
def test_a_type_asks_for_it_by_an_import(tmp_path: Path, text: str, asks: bool) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a_b.py").write_text(text)
    files = tmp_path / "files"
    files.mkdir()
    client.ship(tmp_path, files)
    assert (files / "jobflow").exists() is asks


def test_the_code_that_job_types_share_asks_for_it_too(tmp_path: Path) -> None:
    for folder in ("handlers", "acme", "files"):
        (tmp_path / folder).mkdir()
    (tmp_path / "acme" / "__init__.py").write_text("")
    (tmp_path / "acme" / "orders.py").write_text("from jobflow import JobFlow")
    client.ship(tmp_path, tmp_path / "files")
    assert (tmp_path / "files" / "jobflow" / "context.py").exists()
    assert (tmp_path / "files" / "jobflow" / "celery" / "worker.py").exists()


def test_it_makes_jobs_of_an_attempt_where_no_library_ships(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a_b.py").write_text("import jobflow")
    files = tmp_path / "files"
    files.mkdir()
    client.ship(tmp_path, files)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(files)], check=True, capture_output=True, text=True,
        env={"AWS_LAMBDA_FUNCTION_NAME": "jobs-a-b", "HOME": str(tmp_path)}, cwd=tmp_path,
    )  # fmt: skip
    [told, asked, loaded] = json.loads(done.stdout)
    assert "No attempt of a job runs here" in told[0]
    assert "httpx is not installed here" in told[1]
    assert asked == [[["a.b", {"at": 1}], "k"]]
    assert not loaded
