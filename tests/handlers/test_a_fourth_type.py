"""Adding a job type takes one new file and nothing else: the one in the how-to of `handlers/__init__.py`."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest

import handlers
from tests.infra.local.running import copy_of_the_code, running

DESCRIBE = """
import json
from chalicelib.jobs import jobtype
from infra.definition import functions
from infra.definition.template import resources

types = jobtype.load()
made = resources(types, "jobflow-test")
print(json.dumps({
    "types": [kind.name for kind in types],
    "handlers": {function.name: function.handler for function in functions(types, "jobflow-test")},
    "resources": {name: made[name]["Type"] for name in made if name.startswith("WordCount")},
}))
"""


def how_to() -> str:
    """The file that the how-to shows."""
    text = textwrap.dedent(handlers.__doc__ or "")
    start = text.index('    "word.count')
    end = text.index("handler = consume(word_count)\n") + len("handler = consume(word_count)\n")
    return textwrap.dedent(text[start:end])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one more file."""
    folder = copy_of_the_code(tmp_path_factory.mktemp("code"))
    (folder / "handlers" / "word_count.py").write_text(how_to())
    return folder


def test_the_definition_follows(root: Path) -> None:
    found = subprocess.run([sys.executable, "-c", DESCRIBE], cwd=root, capture_output=True, text=True, check=True)
    described: dict[str, Any] = json.loads(found.stdout)
    assert described["types"] == ["email.send", "image.process", "report.generate", "word.count"]
    assert described["handlers"]["jobflow-test-word-count"] == "handlers.word_count.handler"
    kinds = sorted(described["resources"].values())
    for kind in ("IAM::Role", "Logs::LogGroup", "CloudWatch::Alarm"):
        assert f"AWS::{kind}" in kinds
    assert kinds.count("AWS::SQS::Queue") == 2
    assert kinds.count("AWS::Serverless::Function") + kinds.count("AWS::Lambda::Function") == 1


def test_the_api_and_a_worker_follow(root: Path, tmp_path: Path) -> None:
    with running(root, tmp_path) as run:
        kinds = {kind["type"]: kind for kind in run.client.get("/job-types").json()["job_types"]}
        refused = run.client.post("/jobs", json={"type": "word.count", "payload": {"text": 5, "x": 1}})
        job = run.finished(run.submit("word.count", {"text": "one two  three"}))
        workers = run.state["pids"]["workers"]
    shown = kinds["word.count"]
    assert shown["schema"]["properties"]["text"]["maxLength"] == 10_000
    assert (shown["example"], shown["timeout"]) == ({"text": "one two"}, 30)
    assert shown["description"] == "Count the words of a text."
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert sorted(error["loc"][-1] for error in refused.json()["errors"]) == ["text", "x"]
    assert (job["result"], job["attempts"]) == (3, 1)
    assert "jobflow-dev-word-count" in workers
