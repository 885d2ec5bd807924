"""Check that every field of every request takes linear work: texts of 1 KB and 100 KB, calls are counted.

The work inside `re` is not counted here: `make check` proves that every pattern takes linear time.
"""

import cProfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from chalicelib.api import routes
from chalicelib.api.http.endpoint import Endpoint
from tests.chalicelib.api.support import BODY, World

SMALL, LARGE = 1_000, 100_000
GROWTH = 1.5 * LARGE / SMALL
TEXTS = ("T", "0 ", "2026-11-25T00:00:00.", "a.b,", '"\\', "é")
PART = 1
"""Texts for an endpoint in a partial run; the next endpoint gets another text."""
ENDPOINTS = routes.all_endpoints()
JOB = {"type": BODY["type"], "payload": {"to": ["a"], "text": None}}
PLACES = {
    "job_id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", "job_type": "test.note", "fingerprint": "0123456789ab",
    "schedule_id": "daily", "view_id": "0" * 20, "gen": "1", "name": "approved", "bulk_id": "0" * 20,
    "erasure_id": "0" * 20,
    "limit_name": "0.test.note",
    "batch_id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0",
    "delivery_id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0",
}  # fmt: skip
"""A value for each name in a path. The test fails for a new name until it has a value here."""
HEADERS = ("Idempotency-Key", "X-Correlation-Id", "Authorization", "Content-Type", "Accept")
READ_HEADERS = ("create_job", "create_jobs", "run_schedule", "read_metrics")
"""Endpoints that read these models themselves, besides the common parts, which are also tested there."""


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Return the models in a field's type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def bodies(model: type[BaseModel], text: str) -> Iterator[dict[str, Any]]:
    """Return bodies with the text in one field each, of the model and its nested models, alone and in a list."""
    for name, field in model.model_fields.items():
        yield from ({name: text}, {name: [text]}, {name: {text: text}}, {text: name})
        for inner in models_in(field.annotation):
            yield from ({name: body} for body in bodies(inner, text))


def requests(endpoint: Endpoint, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return requests to the endpoint, each with the text in another place.

    Each is the place, and the arguments of `World.call`.
    """
    path, quoted = endpoint.path.format(**PLACES), quote(text, "")
    for field, info in endpoint.query.model_fields.items():
        yield f"?{field}", {"path": f"{path}?{info.alias or field}={quoted}"}
    yield "?…", {"path": f"{path}?{quoted}=1"}
    if "{" in endpoint.path:
        yield "path", {"path": endpoint.path.format(**dict.fromkeys(PLACES, quoted))}
    for header in HEADERS if endpoint.name in READ_HEADERS else ():
        value = text.encode("ascii", "replace").decode()
        yield header, {"path": path, "body": JOB, "headers": {header: value}}
    if endpoint.writes:
        for number, body in enumerate(bodies(endpoint.body, text)):
            yield f"body {number}", {"path": path, "body": body}
        yield "payload", {"path": path, "body": {**JOB, "payload": {"to": [text], "text": text}}}
        yield "batch", {"path": path, "body": {"jobs": [{**JOB, "tags": [text]}, {**JOB, "run_at": text}]}}


def work(do: Callable[[], object]) -> int:
    """Return how many Python and C functions the call runs."""
    calls = cProfile.Profile()
    calls.runcall(do)
    return sum(entry.callcount for entry in calls.getstats())


def texts(place: int, *, whole: bool) -> list[str]:
    """Return the texts for the endpoint at that place."""
    return [TEXTS[(place * PART + number) % len(TEXTS)] for number in range(len(TEXTS) if whole else PART)]


@pytest.mark.parametrize("place", range(len(ENDPOINTS)), ids=lambda place: ENDPOINTS[place].name)
def test_work_grows_with_the_text_and_no_faster(world: World, place: int, whole: bool) -> None:
    endpoint = ENDPOINTS[place]
    for text in texts(place, whole=whole):
        small, large = (requests(endpoint, text * (size // len(text))) for size in (SMALL, LARGE))
        for (where, short), (_, long) in zip(small, large, strict=True):
            least = work(partial(world.call, endpoint.method, **short))
            most = work(partial(world.call, endpoint.method, **long))
            assert most <= GROWTH * least, f"{endpoint.name} {where}: {text!r} cost {least} calls, then {most}"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("2027-01-01T00:00:00%2B01:00", 200), ("2027-01-01T00:00:00 01:00", 200), ("2027-01-01 01:00", 422),
        ("2027-01-01T00:00:00.123456+01:00:00.000001", 422),
    ],
)  # fmt: skip
def test_a_zone_behind_a_space_is_read(world: World, text: str, status: int) -> None:
    assert world.get(f"/jobs?created_after={text.replace(' ', '%20')}").status == status
