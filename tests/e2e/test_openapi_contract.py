"""Compare the running platform with its own OpenAPI document, with a fuzzer."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.job_types import jobtype
from scripts.openapi import written
from tests.infra.local.running import ROOT, Run, copy_of_the_code, running, until

ENDED = """
from chalicelib import AtMost, JobContext, JobEnd, consume, job


@job("export.ended", limits=[AtMost(20, shared="openai")])
def export_ended(end: JobEnd, ctx: JobContext) -> None:
    "Do nothing."


handler = consume(export_ended)
"""
"""The handler file of this type: no built-in type takes a JobEnd as its payload, or has a limit."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(ROOT, tmp_path_factory.mktemp("state")) as started:
        yield started


def copied(folder: Path) -> Path:
    """Return a copy of the code that also has the type of the document's examples of `on_end` and of limits."""
    root = copy_of_the_code(folder / "code")
    (root / "handlers" / "export_ended.py").write_text(ENDED)
    (folder / "state").mkdir()
    return root


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Run]:
    """Yield a run of such a copy that also has webhooks."""
    root = copied(tmp_path)
    shutil.copy(root / "chalicelib" / "entry" / "optional" / "webhook_deliver.py", root / "handlers")
    with running(root, tmp_path / "state") as started:
        yield started


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Run]:
    """Yield a run of such a copy without webhooks: the fuzzer's would be sent to hosts of the internet."""
    with running(copied(tmp_path), tmp_path / "state") as started:
        yield started


DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())

SCHEDULE = "/schedules/weekly-report"
WEBHOOK = "/webhooks/billing"
"""The ids in the document's examples."""
NEEDS_A_RECEIVER = "send_again"
"""The operation for which a message must have been delivered; tests/chalicelib/api/platform tests it."""
WAITING = ("cancel_job", "post_event", "run_job_now")
"""Operations for a waiting job; all others are tried with a failed job."""


@dataclass(frozen=True)
class Example:
    """One request from the document: the parts that are sent in addition to the path."""

    query: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references, and without null."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    return {**schema, **resolved(choices[0])} if choices else schema


def shown(schema: dict[str, Any]) -> list[Any]:
    """Return every value that the document shows for a field: its examples, choices and default."""
    whole = resolved(schema)
    if whole.get("type") == "array":
        return [[value] for value in shown(whole["items"])]
    default = [] if whole.get("default") is None else [whole["default"]]
    return [*whole.get("examples", []), *whole.get("enum", []), *default]


def bodies(operation: dict[str, Any]) -> Iterator[Any]:
    """Return every example of a body, and the first example with each documented value of one of its fields."""
    content = content_of(operation)
    if content is None:
        return
    whole = [example["value"] for example in content.get("examples", {"empty": {"value": {}}}).values()]
    yield from whole
    for name, schema in resolved(content["schema"])["properties"].items():
        yield from ({**whole[0], name: value} for value in shown(schema) if name not in ("type", "action"))
        for inner, one in resolved(schema).get("properties", {}).items():
            yield from ({**whole[0], name: {inner: value}} for value in shown(one))
        for inner, one in resolved(resolved(schema).get("items", {})).get("properties", {}).items():
            first = whole[0][name][0]
            yield from ({name: [{**first, inner: value}]} for value in shown(one) if inner != "type")


def examples(operation: dict[str, Any]) -> Iterator[Example]:
    """Return every documented example of an operation."""
    queries, headers = (
        [one for one in operation["parameters"] if one["in"] == place] for place in ("query", "header")
    )  # fmt: skip
    needed = {one["name"]: shown(one["schema"])[0] for one in queries if one["required"]}
    yield from (Example(needed, body=body) for body in bodies(operation))
    if operation.get("requestBody", {}).get("required"):
        body = next(bodies(operation))
        yield from (
            Example(needed, {one["name"]: value}, body) for one in headers for value in shown(one["schema"])
        )  # fmt: skip
        return
    yield Example(needed)
    for one in queries:
        yield from (Example({**needed, one["name"]: value}) for value in shown(one["schema"]))


def place(run: Run, operation: dict[str, Any], path: str) -> str:
    """Return the path with its parameters filled in: with an example, or with the operation's subject."""
    if operation["operationId"] == "create_schedule":
        run.client.delete(SCHEDULE)
    if operation["operationId"] == "create_webhook":
        run.client.delete(WEBHOOK)
    elif path.startswith("/webhooks/{name}"):
        created = next(bodies(DOCUMENT["paths"]["/webhooks"]["post"]))
        assert run.client.post("/webhooks", json=created).status_code in (201, 409)
    if "{schedule_id}" in path:
        created = next(bodies(DOCUMENT["paths"]["/schedules"]["post"]))
        assert run.client.post("/schedules", json=created).status_code in (201, 409)
        path = path.replace("/schedules/{schedule_id}", SCHEDULE)
    if "{view_id}" in path:
        created = next(bodies(DOCUMENT["paths"]["/views"]["post"]))
        path = path.replace("{view_id}", run.client.post("/views", json=created).json()["id"])
    if "{bulk_id}" in path:
        counted = {"action": "retry", "filter": {"status": "failed"}, "dry_run": True}
        path = path.replace("{bulk_id}", run.client.post("/bulk", json=counted).json()["id"])
    if "{erasure_id}" in path:
        counted = {"tenant": "acme", "dry_run": True}
        path = path.replace("{erasure_id}", run.client.post("/erasures", json=counted).json()["id"])
    if "/errors/{fingerprint}" in path:  # the example names an unknown error: only an error that occurred can be marked
        path = path.replace("{fingerprint}", run.job(job_for(run, operation))["fingerprint"])
    if "{batch_id}" in path:
        path = path.replace("{batch_id}", run.client.post("/batches", json={}).json()["id"])
    for one in operation["parameters"]:
        if one["in"] == "path" and one["name"] not in ("job_id", "batch_id", "view_id"):
            path = path.replace(f"{{{one['name']}}}", one["schema"]["examples"][0])
    return path.replace("{job_id}", job_for(run, operation)) if "{job_id}" in path else path


def job_for(run: Run, operation: dict[str, Any]) -> str:
    """Return the id of a job for the operation."""
    later = {"delay_seconds": 600} if operation["operationId"] in WAITING else {}
    tomorrow = datetime.now(UTC) + timedelta(days=1)  # a report about a period that has not begun is refused
    job_id = run.submit("report.generate", {"from": f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"}, **later)
    until(lambda: later or run.job(job_id)["status"] == "failed")
    if operation["operationId"] == "get_payload":
        edited = {"payload": {"from": f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}", "to": f"{tomorrow:%Y-%m-%dT23:59:59Z}"}}
        assert run.client.post(f"/jobs/{job_id}/retry", json=edited).is_success
    return job_id


def test_every_documented_example_works_verbatim(told: Run) -> None:
    tried: Counter[str] = Counter()
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] == NEEDS_A_RECEIVER:
                continue
            for one in examples(operation):
                where = place(told, operation, path)
                answer = told.client.request(method, where, params=one.query, headers=one.headers, json=one.body)
                # no built-in type has tenants or limits, and the limit of the example no values; the answer says this
                lacks = any(one in answer.text for one in ("`fair_by`", "has no field", "has no limits="))
                without = answer.status_code == 422 and lacks
                # the example of `replaces` is the time of no view
                changed = answer.status_code == 409 and "replaces" in (one.body or {})
                # the platform has no identity provider, and its caller a token
                nobody = answer.status_code == 404 and path == "/session"
                assert answer.status_code < 400 or without or changed or nobody, (method, path, one, answer.text)
                tried[operation["operationId"]] += 1
    told.client.delete(WEBHOOK)
    operations = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert set(tried) == {operation["operationId"] for operation in operations} - {NEEDS_A_RECEIVER}
    assert tried["list_jobs"] > len(DOCUMENT["components"]["schemas"]["Status"]["enum"])
    # a body that may be left out has only a reason, whose field has the example
    needed = [operation for operation in operations if operation.get("requestBody", {}).get("required")]
    assert all("examples" in (content_of(operation) or {}) for operation in needed)


def content_of(operation: dict[str, Any]) -> Any:
    """Return the document's description of an operation's body; None for one without."""
    return operation.get("requestBody", {}).get("content", {}).get("application/json")


def test_every_example_of_a_job_is_done_as_it_stands(run: Run) -> None:
    """The jobs are not only accepted: a reader who sends an example gets a completed job.

    Types that a user has added are only shown.
    """
    served = run.client.get("/openapi.json").json()["paths"]
    shown_jobs = content_of(served["/jobs"]["post"])["examples"]
    batch = content_of(served["/jobs/batch"]["post"])["examples"]["one of each type"]["value"]["jobs"]
    assert batch == [one["value"] for one in shown_jobs.values()]
    assert set(shown_jobs) == {kind["type"] for kind in run.client.get("/job-types").json()["job_types"]}
    committed = content_of(DOCUMENT["paths"]["/jobs"]["post"])["examples"]
    assert committed.keys() <= shown_jobs.keys()
    for job_id in [run.submit(one["value"]["type"], one["value"]["payload"]) for one in committed.values()]:
        job = ended(run, job_id)
        assert job["status"] == "completed", job


def ended(run: Run, job_id: str) -> dict[str, Any]:
    """Return a job once its state no longer changes."""
    until(lambda: run.job(job_id)["status"] in ("completed", "failed", "dead_letter"))
    return run.job(job_id)


def configuration(folder: Path, whole: bool) -> Path:
    """Return the fuzzer's configuration; a partial run tries each boundary of every sixth operation."""
    ours = ROOT / "schemathesis.toml"
    if whole:
        return ours
    names = [f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item]
    left_out = [name for number, name in enumerate(names) if number % 6 and f'"{name}"' not in ours.read_text()]
    assert 0 < len(left_out) < len(names) * 0.9
    tables = [f'[[operations]]\ninclude-name = "{name}"\nphases.coverage.enabled = false\n' for name in left_out]
    path = folder / "schemathesis.toml"
    path.write_text("\n".join([ours.read_text(), *tables]))
    return path


def test_no_request_that_the_document_suggests_breaks_the_contract(limited: Run, whole: bool) -> None:
    run = limited
    job_for(run, DOCUMENT["paths"]["/bulk"]["post"])  # one failed job: each bulk request runs all of them again
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration(run.folder, whole)),
        "run", str(ROOT / "docs" / "openapi.json"), "--url", run.state["api"], "--checks", "all",
        "--header", f"Authorization: Bearer {run.state['token']}", "--max-examples", "25" if whole else "3",
        "--continue-on-failure", "--no-color",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("short_requests.py"))}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, cwd=run.folder, env={**os.environ, **hooks}
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]


def test_the_served_document_is_the_committed_one_with_the_types_that_there_are(run: Run) -> None:
    """The committed document has the types of this repository; tests/chalicelib/api/test_document.py compares it."""
    served = run.client.get("/openapi.json").json()
    assert served == json.loads(written(jobtype.load()))
    assert served["paths"].keys() == DOCUMENT["paths"].keys()


def test_docs_lead_from_the_api_to_the_page_that_renders_the_document(run: Run) -> None:
    page = httpx.get(run.state["api"] + "/docs", follow_redirects=True, timeout=60)
    assert (page.status_code, str(page.url)) == (200, run.state["dashboard"] + "/reference/")
    [script] = re.findall(r'<script type="module"[^>]* src="(/assets/reference-[^"]+)"', page.text)
    assert httpx.get(run.state["dashboard"] + script, timeout=60).status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
