"""A request that is answered with a job there is: 200, and a header that says why."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.unique import Unique
from tests.chalicelib.api.support import BODY, NOTE, OTHER, World, only_types

OTHER_TEXT = {**BODY, "payload": {**BODY["payload"], "text": "another"}}
OTHER_TYPE = {**BODY, "type": OTHER.name}


@pytest.fixture
def unique(world: World) -> Iterator[None]:
    with only_types(replace(NOTE, unique=Unique(by=("to",), seconds=60)), OTHER):
        yield


@pytest.mark.usefixtures("unique")
def test_a_unique_job_is_answered_again(world: World) -> None:
    first, second = world.post("/jobs", BODY), world.post("/jobs", OTHER_TEXT)
    assert (first.status, second.status) == (201, 200)
    assert second.json["id"] == first.json["id"]
    assert second.headers["existing-job"] == "unique"
    assert "idempotent-replayed" not in second.headers
    assert "existing-job" not in first.headers


@pytest.mark.usefixtures("unique")
def test_a_repeated_key_says_so_also_for_a_unique_type(world: World) -> None:
    key = {"Idempotency-Key": "k"}
    world.post("/jobs", BODY, headers=key)
    again = world.post("/jobs", BODY, headers=key)
    assert (again.status, again.headers["idempotent-replayed"]) == (200, "true")
    assert world.post("/jobs", OTHER_TEXT, headers=key).status == 422


def test_a_debounced_job_is_replaced(world: World) -> None:
    debounce = {"debounce": {"key": "doc-1", "seconds": 30}}
    first, second = world.post("/jobs", {**BODY, **debounce}), world.post("/jobs", {**OTHER_TEXT, **debounce})
    assert (first.status, second.status) == (201, 200)
    assert (second.json["id"], second.json["gen"]) == (first.json["id"], 2)
    assert second.json["payload"]["text"] == "another"
    assert second.headers["existing-job"] == "debounced"
    assert first.headers["location"].endswith(first.json["id"])


def test_a_debounced_request_that_is_sent_again_says_so_whoever_replaced_its_job(world: World) -> None:
    debounce, key = {"debounce": {"key": "k", "seconds": 30}}, {"Idempotency-Key": "k1"}
    first = world.post("/jobs", {**BODY, **debounce}, headers=key)
    world.post("/jobs", {**OTHER_TEXT, **debounce})
    again = world.post("/jobs", {**BODY, **debounce}, headers=key)
    assert (again.status, again.json["id"], again.json["gen"]) == (200, first.json["id"], 2)
    assert (again.headers["idempotent-replayed"], "existing-job" in again.headers) == ("true", False)


@pytest.mark.usefixtures("unique")
def test_a_batch_says_why_a_job_was_there(world: World) -> None:
    keyed, later = {**BODY, "idempotency_key": "k"}, {**OTHER_TYPE, "debounce": {"key": "k", "seconds": 30}}
    first = world.post("/jobs/batch", {"jobs": [keyed, BODY, {"type": "no.such"}, later, later]}).json["results"]
    assert [one["existing"] for one in first] == [None, "unique", None, None, "debounced"]
    assert first[4]["job"]["gen"] == 2
    again = world.post("/jobs/batch", {"jobs": [keyed]}).json["results"]
    assert [(one["existing"], one["job"]["id"]) for one in again] == [("key", first[0]["job"]["id"])]


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"debounce": {"key": "two words", "seconds": 5}}, ["debounce", "key"]),
        ({"debounce": {"key": "k", "seconds": 86_401}}, ["debounce", "seconds"]),
        ({"debounce": {"key": "k", "seconds": 5}, "delay_seconds": 5}, []),
        ({"debounce": {"key": "k", "seconds": 5}, "run_at": "2027-01-15T09:00:00Z"}, []),
    ],
)
def test_what_is_wrong_is_named(world: World, more: dict[str, Any], loc: list[str]) -> None:
    answer = world.post("/jobs", {**BODY, **more})
    assert (answer.status, answer.locs) == (422, [loc])


@pytest.mark.usefixtures("unique")
def test_the_two_do_not_go_together(world: World) -> None:
    answer = world.post("/jobs", {**BODY, "debounce": {"key": "k", "seconds": 5}})
    assert (answer.status, answer.locs) == (422, [["debounce"]])
