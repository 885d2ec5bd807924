"""Check the rules for every job type, including future ones."""

import builtins
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import chalicelib
from chalicelib.errors import InvalidPayload
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.worker.constants import CLAIM_GUARD
from jobflow.testing import Platform, example, run

ROOT = Path(__file__).parents[2]
KINDS = jobtype.load()
LAMBDA_LIMIT = 900
BUILTIN = ("chalicelib.builtin.images", "chalicelib.builtin.reports")
HEAVY = ("PIL", "boto3", "botocore.session", "chalice", "pynamodb", *BUILTIN)


every_type = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


@every_type
def test_the_limits_fit_into_lambda_and_one_job_into_an_invocation(kind: JobType[Any, Any]) -> None:
    assert kind.timeout < LAMBDA_LIMIT
    # Only the first job of a batch must fit: later ones are claimed while this much time is left, or returned.
    assert kind.job_budget + CLAIM_GUARD <= kind.timeout
    assert kind.visibility_timeout >= 6 * kind.timeout


@every_type
def test_the_example_fits_the_schema_and_is_stored_as_it_is_read(kind: JobType[Any, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(kind.schema)
    jsonschema.validate(kind.example, kind.schema, cls=jsonschema.Draft202012Validator)
    stored = kind.canonical(kind.example)
    assert json.loads(json.dumps(stored)) == stored
    assert kind.canonical(stored) == stored
    assert kind.parse(stored) == kind.parse(kind.example)


@every_type
def test_people_can_read_what_every_field_is(kind: JobType[Any, Any]) -> None:
    assert kind.title
    assert kind.description
    parts = [kind.schema, *kind.schema.get("$defs", {}).values()]
    for part in parts:
        for name, field in part.get("properties", {}).items():
            assert field.get("description"), f"{kind.name}: {name} has no description"
            assert field.get("examples") or "$ref" in json.dumps(field), f"{kind.name}: {name} has no example"


@every_type
def test_an_unknown_field_is_refused_by_name(kind: JobType[Any, Any]) -> None:
    with pytest.raises(InvalidPayload) as refused:
        kind.parse({**kind.example, "no_such_field": 1})
    assert ("payload", "no_such_field") in [error.loc for error in refused.value.errors]


def test_importing_every_type_loads_nothing_heavy() -> None:
    script = (
        "import sys; from chalicelib.job_types import jobtype; jobtype.load();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_public_name_can_be_imported_and_has_a_docstring() -> None:
    for name in chalicelib.__all__:
        assert getattr(chalicelib, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'part_of_mine'"):
        _ = chalicelib.part_of_mine


@pytest.mark.parametrize("documented", [chalicelib.JobContext, Platform, run, example])
def test_an_error_that_a_job_type_or_its_test_may_catch_can_be_imported(documented: object) -> None:
    members = [getattr(documented, name) for name in dir(documented) if not name.startswith("_")]
    told = " ".join(str(member.__doc__) for member in [documented, *members])
    names = {name for raised in re.findall(r"[Rr]aises? ([^.;]+)", told) for name in re.findall(r"[A-Z]\w+", raised)}
    assert names, documented
    assert [name for name in names if name not in chalicelib.__all__ and not hasattr(builtins, name)] == []
