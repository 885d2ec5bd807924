"""Adding a job type takes one new file and nothing else: the one in the how-to of `handlers/__init__.py`.

`tests/flow/test_how_to.py` runs it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.job_types import jobtype
from tests.flow.printed import how_to
from tests.infra.local.running import copy_of_the_code

DESCRIBE = """
import json
from chalicelib.job_types import jobtype
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


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one more file."""
    folder = copy_of_the_code(tmp_path_factory.mktemp("code"))
    (folder / "handlers" / "word_count.py").write_text(how_to())
    return folder


def test_the_definition_follows(root: Path) -> None:
    found = subprocess.run([sys.executable, "-c", DESCRIBE], cwd=root, capture_output=True, text=True, check=True)
    described: dict[str, Any] = json.loads(found.stdout)
    assert described["types"] == sorted({"word.count", *(kind.name for kind in jobtype.load())})
    assert described["handlers"]["jobflow-test-word-count"] == "handlers.word_count.handler"
    kinds = sorted(described["resources"].values())
    for kind in ("IAM::Role", "Logs::LogGroup", "CloudWatch::Alarm"):
        assert f"AWS::{kind}" in kinds
    assert kinds.count("AWS::SQS::Queue") == 2
    assert kinds.count("AWS::Serverless::Function") + kinds.count("AWS::Lambda::Function") == 1
