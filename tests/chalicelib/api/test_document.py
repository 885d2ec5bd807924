"""Check that the OpenAPI document matches the API."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel, Field

from chalicelib.api import routes
from chalicelib.api.document import document
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from tests.chalicelib.api.support import ORIGIN, World, only_types

ROOT = Path(__file__).parents[3]


@pytest.fixture
def built_in() -> Iterator[World]:
    """The API with the job types of this repository."""
    jobtype.load()
    yield World()
    parts.reset()


def operations(described: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in described["paths"].items() for method in item}


def test_it_is_valid_and_names_every_endpoint() -> None:
    described = document(routes.all_endpoints(), [], "1")
    validate(described)
    assert operations(described) == {(endpoint.method, endpoint.path) for endpoint in routes.all_endpoints()}


KEYWORDS = {
    *("$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "discriminator", "enum"),
    *("examples", "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maxProperties"),
    *("maximum", "minItems", "minLength", "minProperties", "minimum", "oneOf", "pattern", "patternProperties"),
    *("properties", "propertyNames", "readOnly", "required", "title", "type", "uniqueItems", "writeOnly"),
}  # fmt: skip
NAMED = ("properties", "patternProperties")
"""Keywords below which each key is a name that the API chose."""
VALUES = ("const", "default", "discriminator", "enum", "examples", "required", "type")
"""Keywords below which there is no schema."""


def unknown_keywords(schema: Any) -> Iterator[str]:
    """Yield the keywords that JSON Schema does not know, which every client ignores."""
    for part in schema if isinstance(schema, list) else [schema] if isinstance(schema, dict) else []:
        yield from (key for key in part if key not in KEYWORDS and not key.startswith("x-"))
        for key, below in part.items():
            for one in below.values() if key in NAMED else [] if key in VALUES else [below]:
                yield from unknown_keywords(one)


def test_each_limit_of_a_field_is_a_keyword_of_json_schema(built_in: World) -> None:
    described = document(routes.all_endpoints(), jobtype.all_types(), "1")
    asked = [one["schema"] for path in described["paths"].values() for said in path.values()
             for one in said.get("parameters", ()) if "schema" in one]  # fmt: skip
    assert [*unknown_keywords(asked), *unknown_keywords([*described["components"]["schemas"].values()])] == []


def test_the_committed_document_is_what_the_code_makes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.openapi", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "docs/openapi.json is up to date" in done.stdout, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if "is stale" in line] == []


def test_every_example_of_a_job_works_verbatim(built_in: World) -> None:
    described = document(routes.all_endpoints(), jobtype.all_types(), "1")
    content = described["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]
    assert set(content["examples"]) == {kind.name for kind in jobtype.all_types()}
    for example in content["examples"].values():
        assert built_in.post("/jobs", example["value"]).status == 201


def fields(described: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield every field of every schema: the schema's name, the field's name, and its description."""
    for name, schema in described["components"]["schemas"].items():
        yield from ((name, field, said) for field, said in schema.get("properties", {}).items())


def test_no_field_of_a_body_or_an_answer_has_a_default_which_generators_take_for_required(built_in: World) -> None:
    described = document(routes.all_endpoints(), jobtype.all_types(), "1")
    assert [(schema, field) for schema, field, said in fields(described) if "default" in said] == []
    schemas = described["components"]["schemas"]
    assert schemas["NewJob"]["required"] == ["type", "payload"]
    assert schemas["NewSchedule"]["properties"]["catch_up"]["description"].endswith("Default: 1.")


def test_an_answer_promises_every_field_and_a_problem_only_those_it_always_has() -> None:
    schemas = document(routes.all_endpoints(), [], "1")["components"]["schemas"]
    for name in ("JobRow", "JobDetail", "BatchResult", "ErrorGroup", "TypeNumbers", "JobTypeRow"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"])
    assert schemas["Problem"]["required"] == ["type", "title", "status", "detail"]


class Address(BaseModel):
    street: str
    country: str = "DE"


class Parcel(BaseModel):
    to: Address
    back: Address | None = None
    copies: int = Field(1, description="How many.")


@pytest.mark.usefixtures("world")
def test_it_has_the_payload_of_each_job_type_with_its_models() -> None:
    with only_types(JobType("parcel.send", lambda payload, ctx: None, Parcel)):
        described = document(routes.all_endpoints(), jobtype.all_types(), "1")
    validate(described)
    schemas = described["components"]["schemas"]
    assert schemas["Payloads"]["properties"] == {"parcel.send": {"$ref": "#/components/schemas/parcel.send"}}
    assert schemas["parcel.send"]["properties"]["to"] == {"$ref": "#/components/schemas/parcel.send.Address"}
    assert schemas["parcel.send"]["required"] == ["to"]
    assert schemas["parcel.send"]["properties"]["copies"]["description"] == "How many. Default: 1."
    assert schemas["parcel.send.Address"]["required"] == ["street"]


def test_it_is_served_to_who_has_a_token(built_in: World) -> None:
    assert built_in.get("/openapi.json").json["openapi"] == "3.1.0"
    assert built_in.get("/openapi.json", role=None).status == 401


def test_docs_lead_to_the_page_of_the_dashboard(world: World) -> None:
    answer = world.get("/docs", role=None)
    assert (answer.status, answer.headers["location"]) == (302, f"{ORIGIN}/reference/")


def test_metrics_are_prometheus_text_for_who_asks(world: World) -> None:
    world.create()
    answer = world.get("/metrics", headers={"Accept": "text/plain"})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'jobflow_jobs{job_type="test.note",status="queued"} 1' in answer.text.splitlines()
    assert 'jobflow_queue_messages{job_type="test.note",state="waiting"} 1' in answer.text.splitlines()


SCRAPER = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""The Accept header that Prometheus 3 sends."""


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        (SCRAPER, True), ("Text/Plain; version=0.0.4", True), ("text/plain, */*", True), ("", False), ("*/*", False),
        ("text/plain;q=0.5, application/json;q=0.4", True), ("text/plain;q=0.4, application/json;q=0.5", False),
        ("text/plain;q=0", False), (";;,q=;text/plain", False), ("text/plain;q=0.1,*/*", False),
    ],
)  # fmt: skip
def test_metrics_come_in_the_format_that_is_preferred(world: World, accept: str, text: bool) -> None:
    answer = world.get("/metrics", headers={"Accept": accept})
    assert (answer.status, answer.headers["content-type"].startswith("text/plain")) == (200, text)
