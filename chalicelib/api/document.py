"""Make the OpenAPI 3.1 document from the declared endpoints and their models. Pure."""

import inspect
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.api.http.endpoint import Endpoint
from chalicelib.api.models.responses import Problem
from chalicelib.api.models.schemas import NoBody, NoQuery
from chalicelib.job_types.checks import FINGERPRINT, WEBHOOK
from chalicelib.job_types.constants import LONGEST_NAME, LONGEST_SCHEDULE
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import LONGEST_STEP_NAME
from chalicelib.jobs.step import NAME
from chalicelib.jobs.trace import HEADER as TRACE_HEADER

SENTENCE_END = re.compile(r"\.\s")
PARAMETER = re.compile(r"{(\w+)}")
REF = "#/components/schemas/"
OWN_REF = "#/$defs/"
"""The prefix of a reference to a model within a payload's own schema."""
JSON = "application/json"
PROBLEM = "application/problem+json"
SAID = {
    200: "Done", 201: "Created", 202: "Started", 302: "Elsewhere",
    304: "The same as the ETag given", 400: "The request cannot be read", 401: "A valid token is needed",
    403: "The token's role does not allow this", 404: "Not found",
    405: "Another path: API Gateway cuts it at an encoded `?`", 409: "The state forbids this",
    413: "The body is larger than 256 KB", 415: "The body is not JSON", 422: "A field is wrong; `errors` names each",
    429: "Too many requests from this address", 503: "The identity provider does not answer",
}  # fmt: skip
CORRELATION = {"description": "The id of this request in the logs", "schema": {"type": "string"}}
HEADERS: Mapping[int, Mapping[str, Any]] = {
    201: {"Location": {"description": "Where it is", "schema": {"type": "string"}}},
    202: {"Location": {"description": "Where its progress is", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds until a request is let in", "schema": {"type": "integer"}}},
}
PATH: Mapping[str, Any] = {
    "job_type": {"type": "string", "maxLength": LONGEST_NAME, "pattern": "^[a-z0-9.]+$", "examples": ["email.send"]},
    "schedule_id": {
        "type": "string",
        "maxLength": LONGEST_SCHEDULE,
        "pattern": "^[a-z0-9][a-z0-9.-]*$",
        "examples": ["weekly-report"],
    },
    "limit_name": {"type": "string", "pattern": r"^[0-3]\.[a-z0-9_.-]+$", "maxLength": 62, "examples": ["3.openai"]},
    "erasure_id": {"type": "string", "pattern": "^[0-9a-f]{20}$", "examples": ["019ac0d3f2005d41402a"]},
    "bulk_id": {"type": "string", "pattern": "^[0-9a-f]{20}$", "examples": ["019ac0d3f2005d41402a"]},
    "gen": {"type": "string", "pattern": "^[1-9][0-9]{0,3}$", "examples": ["1"]},
    "fingerprint": {"type": "string", "pattern": FINGERPRINT, "examples": ["5d41402abc4b"]},
    "name": {
        "type": "string",
        "maxLength": LONGEST_STEP_NAME,
        "pattern": f"^{NAME.pattern}$",
        "examples": ["approval"],
    },
    "webhooks/name": {"type": "string", "pattern": f"^{WEBHOOK.pattern}$", "examples": ["billing"]},
}
"""Path parameters that are not ids; of a resource, or of all."""
EXISTING_JOB = {
    "description": "Why there is no new job: `unique` or `debounced`; a repeated key says Idempotent-Replayed",
    "schema": {"type": "string", "enum": ["unique", "debounced"]},
}
KEYED = frozenset({"create_job", "run_schedule"})
TRACED = frozenset({"create_job", "create_jobs", "create_batch", "add_jobs_to_batch", "run_schedule"})
API = "the API itself"
ITSELF = frozenset({"health", "me", "meta", "openapi.json", "docs"})
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "The same key and body again answer 200 with the job there is, and Idempotent-Replayed: true.",
    "schema": {
        "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$", "examples": ["order-1042"],
    },
}  # fmt: skip
TRACEPARENT = {
    "name": TRACE_HEADER, "in": "header", "required": False,
    "description": "The trace to which the new jobs belong (W3C Trace Context, version 00). An invalid one is ignored.",
    # Without a pattern, because a program between the caller and this API may only pass on what it was given.
    "schema": {"type": "string", "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]},
}  # fmt: skip
IF_NONE_MATCH = {
    "name": "If-None-Match", "in": "header", "required": False,
    "description": "The ETag of an answer: 304 without a body while it would say the same.",
    "schema": {"type": "string", "examples": ['W/"0f3c"']},
}  # fmt: skip
ETAG = {"description": "Names what the answer says, apart from when it was asked", "schema": {"type": "string"}}


def document(endpoints: Sequence[Endpoint], kinds: Sequence[JobType[Any, Any]], version: str) -> dict[str, Any]:
    """Return the whole document; the examples of jobs to create come from `kinds`."""
    schemas = _schemas(endpoints)
    _name_kinds(schemas, [kind.name for kind in kinds])
    described = {model.__name__ for model in _queries(endpoints)}
    components = {name: without_defaults(schema) for name, schema in schemas.items() if name not in described}
    components |= _payloads(kinds)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas, kinds)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "JobFlow",
            "version": version,
            "description": "Background jobs: create them, watch them, steer them. Errors are RFC 9457 problem details. "
            'API Gateway itself answers 413, 414, 429, 431, 500 and 503 with {"message": …}.',
        },
        "tags": [{"name": name} for name in _tags(endpoints)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _name_kinds(schemas: dict[str, Any], names: list[str]) -> None:
    """Add the names of the job types to each query and body that expects a job type."""
    for schema in schemas.values():
        field = schema.get("properties", {}).get("type", {})
        for place in (field, *field.get("anyOf", [])):
            if place.get("maxLength") == LONGEST_NAME and names:
                place["enum"] = names


def without_defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that states the default of each field in the field's description instead of in `default`.

    Generators of typed clients (openapi-typescript) treat a field with a `default` as required.
    """
    if "properties" not in schema:
        return dict(schema)
    given = schema.get("required", ())
    said = {name: _in_words(field, tell=name not in given) for name, field in schema["properties"].items()}
    return {**schema, "properties": said}


def _in_words(field: Any, *, tell: bool) -> Any:
    if not isinstance(field, Mapping) or "default" not in field:
        return field
    kept = {key: value for key, value in field.items() if key != "default"}
    if not tell or field["default"] in (None, "", [], {}):
        return kept
    said = str(field.get("description", "")).rstrip(".")
    default = f"Default: {json.dumps(field['default'], ensure_ascii=False)}."
    return {**kept, "description": f"{said}. {default}" if said else default}


def _payloads(kinds: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Return the schemas of all payloads, their models (`email.send.Address`), and `Payloads`, which lists them."""
    found: dict[str, Any] = {}
    for kind in kinds:
        whole = _moved(kind.schema, f"{REF}{kind.name}.")
        models = whole.pop("$defs", {})
        found[kind.name] = without_defaults(whole)
        found |= {f"{kind.name}.{name}": without_defaults(model) for name, model in models.items()}
    return {
        **found,
        "Payloads": {
            "type": "object",
            "description": "The payload of each job type, by its name: what a typed client takes.",
            "properties": {kind.name: {"$ref": REF + kind.name} for kind in kinds},
            "required": [kind.name for kind in kinds],
        },
    }


def _moved(part: Any, prefix: str) -> Any:
    """Return a copy of a schema whose references to its own models begin with `prefix` instead of OWN_REF."""
    if isinstance(part, Mapping):
        return {key: _moved(value, prefix) for key, value in part.items()}
    if isinstance(part, list):
        return [_moved(value, prefix) for value in part]
    return prefix + part.removeprefix(OWN_REF) if isinstance(part, str) and part.startswith(OWN_REF) else part


def _queries(endpoints: Iterable[Endpoint]) -> list[type[BaseModel]]:
    return [endpoint.query for endpoint in endpoints if endpoint.query is not NoQuery]


def _schemas(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    read = {e.body for e in endpoints if e.body is not NoBody} | set(_queries(endpoints))
    written = {e.answer for e in endpoints} | {Problem}
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in _by_name(read)]
    models += [(model, "serialization") for model in _by_name(written)]
    extra = [m for e in endpoints for m in e.also]
    models += [(model, "validation") for model in _by_name(set(extra))]
    _, definitions = models_json_schema(models, ref_template=REF + "{model}")
    found: dict[str, Any] = definitions["$defs"]
    return found


def _by_name(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    return sorted(models, key=lambda model: model.__name__)


def _operation(endpoint: Endpoint, schemas: Mapping[str, Any], kinds: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    words = inspect.getdoc(endpoint.handler) or ""
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [_tag(endpoint.path)],
        "summary": SENTENCE_END.split(words)[0].rstrip("."),
        "description": words,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint, schemas), *_headers(endpoint)],
        "responses": {str(status): _response(endpoint, status) for status in _statuses(endpoint)},
    }
    if endpoint.role:
        operation["security"] = [{"token": []}]
        operation["x-role"] = str(endpoint.role)
    if endpoint.body is not NoBody:
        content: dict[str, Any] = {"schema": {"$ref": REF + endpoint.body.__name__}}
        examples = {**endpoint.examples, **_made_from(kinds).get(endpoint.name, {})}
        if examples:
            content["examples"] = {name: {"value": body} for name, body in examples.items()}
        required = bool(schemas[endpoint.body.__name__].get("required"))
        operation["requestBody"] = {"required": required, "content": {JSON: content}}
    return operation


def _made_from(kinds: Sequence[JobType[Any, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return the example bodies of the operations whose body names a job type, by the operation's name."""
    each = {kind.name: {"type": kind.name, "payload": kind.example} for kind in kinds}
    many = {"one of each type": {"jobs": list(each.values())}} if each else {}
    return {"create_job": each, "create_jobs": many, "add_jobs_to_batch": many}


def _tag(path: str) -> str:
    """Return the tag of an operation: the resource, or the API itself."""
    resource = path.split("/")[1]
    return API if resource in ITSELF else resource.replace("-", " ")


def _tags(endpoints: Iterable[Endpoint]) -> list[str]:
    """Return the tags of all resources, in the order of their first endpoints, and the API's own tag at the end."""
    return sorted(dict.fromkeys(_tag(endpoint.path) for endpoint in endpoints), key=lambda name: name == API)


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    resource = endpoint.path.split("/")[1]
    an_id = {"type": "string", "format": "uuid"}
    return [
        {
            "name": name, "in": "path", "required": True,
            "schema": PATH.get(f"{resource}/{name}") or PATH.get(name, an_id),
        } for name in PARAMETER.findall(endpoint.path)
    ]  # fmt: skip


def _query_parameters(endpoint: Endpoint, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if endpoint.query is NoQuery:
        return []
    model = schemas[endpoint.query.__name__]
    required = model.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema),
         **({"description": schema["description"]} if "description" in schema else {})}
        for name, schema in model["properties"].items()
    ]  # fmt: skip


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without null, because a query parameter is either present or absent."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "description", "default", "anyOf")}
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    return {**kept, **choices[0]} if len(choices) == 1 else {**kept, **({"anyOf": choices} if choices else {})}


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = [IDEMPOTENCY_KEY] if endpoint.name in KEYED else [] if endpoint.moving is None else [IF_NONE_MATCH]
    return [*found, TRACEPARENT] if endpoint.name in TRACED else found


def _statuses(endpoint: Endpoint) -> list[int]:
    found = set(endpoint.statuses)
    if endpoint.role:
        found |= {401, 403}
    if endpoint.moving is not None:
        found |= {304}
    if endpoint.query is not NoQuery:
        found |= {400, 422}
    if "{" in endpoint.path:
        found |= {404}
    if "}/" in endpoint.path:
        found |= {405}
    if endpoint.writes:
        found |= {400, 413, 415, 422, 429}
    if endpoint.body and "expected" in endpoint.body.model_fields:
        found |= {409}
    return sorted(found)


def _response(endpoint: Endpoint, status: int) -> dict[str, Any]:
    headers = {"X-Correlation-Id": CORRELATION, **HEADERS.get(status, {})}
    if endpoint.name == "create_job" and status == 200:
        headers["Existing-Job"] = EXISTING_JOB
    if endpoint.moving is not None and status in (200, 304):
        headers["ETag"] = ETAG
    answer: dict[str, Any] = {"description": SAID[status], "headers": headers}
    if status >= 400:
        answer["content"] = {PROBLEM: {"schema": {"$ref": REF + Problem.__name__}}}
    elif status < 300:
        answer["content"] = {JSON: {"schema": {"$ref": REF + endpoint.answer.__name__}}}
        answer["content"] |= {kind: {"schema": {"type": "string"}} for kind in endpoint.types}
    return answer
