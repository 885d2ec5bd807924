"""The running platform against its own OpenAPI document, by a fuzzer that believes neither."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.infra.local.running import ROOT, Run, running


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(ROOT, tmp_path_factory.mktemp("state")) as started:
        yield started


def test_no_request_that_the_document_suggests_breaks_the_contract(run: Run) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(ROOT / "schemathesis.toml"),
        "run", str(ROOT / "docs" / "openapi.json"), "--url", run.state["api"], "--checks", "all",
        "--header", f"Authorization: Bearer {run.state['token']}", "--max-examples", "25", "--continue-on-failure",
        "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=run.folder)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]


def test_docs_lead_from_the_api_to_the_page_that_renders_the_document(run: Run) -> None:
    page = httpx.get(run.state["api"] + "/docs", follow_redirects=True)
    assert (page.status_code, str(page.url)) == (200, run.state["dashboard"] + "/reference/")
    [script] = re.findall(r'<script type="module"[^>]* src="(/assets/reference-[^"]+)"', page.text)
    assert httpx.get(run.state["dashboard"] + script).status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
