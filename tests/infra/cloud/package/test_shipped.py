"""Check that modules that do not ship cannot be imported on this machine, as in the cloud."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from infra.cloud.package.shipped import GATEWAY, needed, not_shipped, refused
from infra.local.lifeline import NOT_SHIPPED, NotShipped
from tests.infra.local.running import ROOT

LIFELINE = ROOT / "infra" / "local" / "lifeline.py"


def modules(text: str) -> set[str]:
    return {pair.partition("=")[0] for pair in text.split()}


def test_what_ships_and_what_the_runtime_has_may_be_imported() -> None:
    worker, api = modules(not_shipped(ROOT)), modules(not_shipped(ROOT, GATEWAY))

    assert {"httpx", "moto", "pytest", "chalice"} <= worker
    assert not worker & {"pydantic", "pydantic_core", "pynamodb", "PIL", "aws_lambda_powertools"}
    assert not worker & {"boto3", "botocore", "urllib3", "dateutil", "awslambdaric", "simplejson"}
    assert worker - api >= {"chalice", "yaml"}
    assert {"httpx", "moto", "pytest"} <= api


def test_a_line_in_the_requirements_makes_a_library_ship(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# what ships\n--no-binary :none:\nHTTPX==0.28.1  # for a handler\n")

    assert "httpx" not in modules(not_shipped(tmp_path))


def test_a_module_of_two_distributions_is_allowed_by_either() -> None:
    assert refused({"google": ["pydantic", "httpx"], "one": ["httpx"]}, {"pydantic"}) == [
        f"one=httpx=={httpx.__version__}"
    ]
    assert "botocore" in needed(["boto3"])


def test_a_program_on_the_lifeline_is_told_the_line_to_add(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import os\nassert 'JOBFLOW_NOT_SHIPPED' not in os.environ\nimport json\nimport httpx.auth\n"
    )
    command, environment = [sys.executable, "-P", str(LIFELINE), "0", "program"], {"PYTHONPATH": str(tmp_path)}
    environment[NOT_SHIPPED] = not_shipped(ROOT)
    pipe = subprocess.PIPE  # standard input stays open, because the program ends when it closes
    with subprocess.Popen(command, env=environment, stdin=pipe, stderr=pipe, text=True) as program:
        assert program.stderr
        said = program.stderr.read()

    line = f"httpx=={httpx.__version__}"
    assert "ModuleNotFoundError: No module named 'httpx' in what ships" in said
    assert (line in said, "make lock" in said, "docs/dependencies.md" in said) == (True, True, True)


@pytest.mark.parametrize("program", ["make", "jobflow"])
def test_what_to_do_is_said_in_the_words_of_the_program_that_was_typed(program: str) -> None:
    with pytest.raises(ModuleNotFoundError) as refused:
        cast("Any", NotShipped("httpx=httpx==1", program)).find_spec("httpx")
    assert f"`{program} lock`" in str(refused.value)
    # libraries that all types share can be changed only in a clone of JobFlow
    assert ("to requirements.txt" in str(refused.value)) == (program == "make")


def test_a_library_that_is_installed_later_does_not_ship_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    assert "later_on" not in modules(not_shipped(ROOT))
    (site / "later_on.py").touch()
    about = site / "later_on-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: later-on\nVersion: 1.0\n")
    (about / "RECORD").write_text("later_on.py,,\n")
    assert "later_on" in modules(not_shipped(ROOT))
