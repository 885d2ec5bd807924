"""Print what repositories and programs of others rely on, one name a line: `python -m scripts.documents.surface`.

At a release the output is kept as tests/jobflow/project/surface-<version>.txt; a name that is no longer there must be
in jobflow/project/breaking.toml.
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

import chalicelib
import jobflow
import jobflow.testing
from infra.definition.parameters import outputs, parameters
from infra.local.options import PASSED_ON
from jobflow.cli.app import app

ROOT = Path(__file__).parents[2]
DECLARED = ("job", "Backoff", "Cron", "Allow", "RetryLater")
DEV = ("API_PORT", "AWS_PORT", "DASHBOARD_PORT", "JOBFLOW_BACKEND", "JOBFLOW_CONCURRENCY", "JOBFLOW_DUPLICATE_RATE")


def surface() -> list[str]:
    """Return every name: of the library, the client, the command line, the stack and the API."""
    return sorted({*_library(), *_client(), *_commands(typer.main.get_command(app)), *_stack(), *_api()})


def _library() -> Iterator[str]:
    yield from (f"chalicelib.{name}" for name in chalicelib.__all__)
    for name in DECLARED:
        yield from _arguments(f"chalicelib.{name}", getattr(chalicelib, name))
    yield from (f"ctx.{name}" for name in _public(chalicelib.JobContext))
    yield from (f"jobflow.testing.{name}" for name in jobflow.testing.__all__)
    yield from (f"Platform.{name}" for name in _public(jobflow.testing.Platform))


def _client() -> Iterator[str]:
    yield from (f"jobflow.{name}" for name in jobflow.__all__)
    for name in _public(jobflow.JobFlow):
        yield f"JobFlow.{name}"
        if callable(method := getattr(jobflow.JobFlow, name)):
            yield from _arguments(f"JobFlow.{name}", method)


def _commands(command: Any, path: str = "jobflow") -> Iterator[str]:
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from _commands(below, f"{path} {name}")
        return
    yield path
    for parameter in command.params:
        yield from (f"{path} {option}" for option in parameter.opts if option.startswith("-"))


def _stack() -> Iterator[str]:
    yield from (f"parameter {name}" for name in parameters())
    yield from (f"output {name}" for name in outputs())
    yield from (f"variable {name}" for name in (*PASSED_ON, *DEV))


def _api() -> Iterator[str]:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            yield where
            yield from (
                f"{where} ?{one['name']}" for one in operation.get("parameters", []) if one.get("in") == "query"
            )
    for name, schema in document["components"]["schemas"].items():
        yield from (f"field {name}.{field}" for field in schema.get("properties", {}))


def _public(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]


def _arguments(name: str, function: Callable[..., Any]) -> Iterator[str]:
    for argument in inspect.signature(function).parameters.values():
        if argument.name != "self" and argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL):
            yield f"{name}({argument.name})"


if __name__ == "__main__":
    print("\n".join(surface()))
    sys.exit(0)
