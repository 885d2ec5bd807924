"""The running platform against its own OpenAPI document, by a fuzzer that believes neither."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infra.local.running import ROOT, Run, running, until


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(ROOT, tmp_path_factory.mktemp("state")) as started:
        yield started


DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())


def examples(operation: dict[str, Any]) -> Iterator[tuple[dict[str, str], Any]]:
    """Every documented example of an operation as a query and a body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    queries = [one for one in operation["parameters"] if one["in"] == "query"]
    needed = {one["name"]: one["schema"]["enum"][0] for one in queries if one["required"]}
    yield needed, None
    for one in queries:
        yield from (({**needed, one["name"]: value}, None) for value in one["schema"].get("examples", []))
    yield from ((needed, body["value"]) for body in content.get("examples", {}).values())


def place(run: Run, operation: dict[str, Any], path: str) -> str:
    """The path with what its parameters stand for: an example, or a job that the operation is for."""
    for one in operation["parameters"]:
        if one["in"] == "path" and one["name"] != "job_id":
            path = path.replace(f"{{{one['name']}}}", one["schema"]["examples"][0])
    if "{job_id}" not in path:
        return path
    later = {"delay_seconds": 600} if operation["operationId"] == "cancel_job" else {}
    tomorrow = datetime.now(UTC) + timedelta(days=1)  # there is no report of a period that has not begun
    job_id = run.submit("report.generate", {"from": f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"}, **later)
    until(lambda: later or run.job(job_id)["status"] == "failed")
    return path.replace("{job_id}", job_id)


def test_every_documented_example_works_verbatim(run: Run) -> None:
    tried: Counter[str] = Counter()
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            for query, body in examples(operation):
                if body is None and operation.get("requestBody", {}).get("required"):
                    continue
                answer = run.client.request(method, place(run, operation, path), params=query, json=body)
                assert answer.status_code < 400, (method, path, query, body, answer.text)
                tried[operation["operationId"]] += 1
    assert set(tried) == {
        operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()
    }
    assert tried["create_job"] == len(run.client.get("/job-types").json()["job_types"])


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
