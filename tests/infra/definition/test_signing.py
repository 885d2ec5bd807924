"""Test which function has which keys, and that the keys of a laptop match."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.signing import Signing, parameter_of, short_name
from chalicelib.settings import Settings
from infra.definition import functions, local_environment
from infra.definition.lambdas import signing
from infra.definition.lambdas.compute import compute
from infra.definition.template import merge_template
from infra.definition.web.gateway import gateway
from tests.infra.definition.types.test_reaching import Empty
from tests.support import a_job

STACK = "jobflow-prod"
MANY = tuple(f"part.n{number}" for number in range(9))


def kind(name: str, *enqueues: str) -> JobType[Any, Any]:
    return JobType(name, lambda _payload, _ctx: None, Empty, enqueues=enqueues)


TYPES = [kind("order.place", "order.copy"), kind("order.copy"), kind("order.split", *MANY), *map(kind, MANY)]


def keys_of(resources: dict[str, Any], name: str) -> dict[str, Any]:
    variables = resources[name]["Properties"].get("Environment", {}).get("Variables", {})
    return {key: value for key, value in variables.items() if key.startswith("SIGNING_")}


def test_a_worker_has_the_keys_of_its_type_and_of_those_that_it_makes_jobs_of() -> None:
    made = compute(functions(TYPES, STACK))
    place, copy = (f"{short_name(name)}=${{{parameter_of(name)}}}" for name in ("order.place", "order.copy"))
    assert keys_of(made, "OrderPlaceFunction") == {"SIGNING_KEYS": {"Fn::Sub": f"{place};{copy}"}}
    assert keys_of(made, "OrderCopyFunction") == {"SIGNING_KEYS": {"Fn::Sub": copy}}
    # as in its role, which then does not name the types
    assert keys_of(made, "OrderSplitFunction") == {"SIGNING_KEY": {"Ref": "SigningKey"}}


def test_what_looks_after_jobs_of_every_type_has_the_master_key_and_nobody_else() -> None:
    made = {**compute(functions(TYPES, STACK)), **gateway(TYPES, STACK)}
    for name in ("APIHandler", "WatchdogFunction", "RecountFunction"):
        assert keys_of(made, name) == {"SIGNING_KEY": {"Ref": "SigningKey"}}, name
    assert keys_of(made, "CountersFunction") == {}


def test_each_key_is_a_parameter_that_nobody_is_shown() -> None:
    declared = merge_template(TYPES, STACK)["Parameters"]
    for name in ("SigningKey", *(parameter_of(one.name) for one in TYPES)):
        assert (declared[name]["NoEcho"], declared[name]["Default"]) == (True, ""), name


@pytest.mark.parametrize("name", ["order.place", "order.copy", "order.split", MANY[0]])
def test_on_a_laptop_a_worker_accepts_what_the_api_makes(name: str) -> None:
    def sees(of: dict[str, str]) -> Signing:
        everywhere = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1")
        return Signing.of(Settings.from_env({**everywhere, **of}))

    (own,) = [one for one in TYPES if one.name == name]
    worker, stranger = (
        sees(signing.local(*queues_of([own]))),
        sees(signing.local(*queues_of([kind("image.process", "mail.send")]))),
    )
    job = a_job(type=name)
    assert worker.accepts(replace(job, signature=sees({}).signature(job)))
    assert not worker.accepts(job)
    assert stranger.signature(job) is None
    assert bool(worker.masters) == (name == "order.split")
