"""Test tenants on the command line and in the client: jobs are found by tenant, and counted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType
from jobflow import errors
from tests.chalicelib.api.support import NOTE, only_types
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import Wire, client_of

FAIR: JobType[Any, Any] = replace(NOTE, name="test.fair", fair_by="text")


@pytest.fixture(autouse=True)
def types(wire: Wire) -> Iterator[None]:
    with only_types(NOTE, FAIR):
        yield


@pytest.fixture
def made(shell: Shell) -> list[str]:
    """Two jobs of one tenant, and one of another."""
    typed = (f"jobs create test.fair -f to='[\"a\"]' -f text={tenant} --json" for tenant in ("acme", "acme", "bolt"))
    return [shell(line).lines[0]["id"] for line in typed]


def test_jobs_of_a_tenant_are_listed_and_cancelled(shell: Shell, made: list[str]) -> None:
    assert {job["id"] for job in shell("jobs list --tenant acme --json").lines} == set(made[:2])
    assert "tenant=acme" in shell("jobs list --tenant acme --table").out
    assert shell(f"jobs show {made[2]} --table").out.count("bolt") >= 1
    shell("jobs cancel --tenant acme --yes")
    assert [job["id"] for job in shell("jobs list --status queued --json").lines] == [made[2]]


def test_tenants_are_counted(shell: Shell, made: list[str]) -> None:
    assert shell("types tenants test.fair --json").lines == [
        {"tenant": "acme", "jobs": 2}, {"tenant": "bolt", "jobs": 1},
    ]  # fmt: skip
    assert "text" in shell("types show test.fair --table").out


def test_a_type_without_tenants_is_told(shell: Shell) -> None:
    said = shell("jobs list --tenant acme --type test.note")
    assert (said.code, "does not have `fair_by`" in said.err) == (1, True)


def test_the_client_filters_and_counts(wire: Wire, made: list[str]) -> None:
    client = client_of(wire)
    assert {job.tenant for job in client.iterate(tenant="acme")} == {"acme"}
    assert [(one.tenant, one.jobs) for one in client.tenants("test.fair").tenants] == [("acme", 2), ("bolt", 1)]
    with pytest.raises(errors.Invalid):
        client.tenants("test.note")
