"""Check that a cursor works in the request that returned it, and that every other request refuses it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.assembly import parts
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso, write_cursor
from chalicelib.jobs.port import Filter
from tests.chalicelib.api.support import T0, Answer, World

DEAD = Filter(status=Status.DEAD_LETTER)
Ask = Callable[[World, str | None], Answer]


def listing(world: World, cursor: str | None) -> Answer:
    asked = {"status": "dead_letter", "limit": 1}
    return world.get("/jobs?" + urlencode({**asked, "cursor": cursor} if cursor else asked))


def bulk(action: str) -> Ask:
    def ask(world: World, cursor: str | None) -> Answer:
        body = {"action": action, "filter": {"status": "dead_letter"}, "limit": 1, "dry_run": True}
        return world.post("/jobs/bulk", {**body, "cursor": cursor} if cursor else body)

    return ask


def redrive(world: World, cursor: str | None) -> Answer:
    body: dict[str, Any] = {"limit": 1, "dry_run": True}
    return world.post("/dead-letters/redrive", {**body, "cursor": cursor} if cursor else body)


def logs(world: World, cursor: str | None) -> Answer:
    """Return the log of the first job. A wrong cursor must cause no request to CloudWatch."""
    return world.get(f"/jobs/{next(iter(world.store._jobs))}/logs?cursor={cursor}")


ROUTES: dict[str, Ask] = {
    "list": listing, "retry": bulk("retry"), "discard": bulk("discard"), "cancel": bulk("cancel"), "redrive": redrive,
}  # fmt: skip
ALIKE = {"retry", "redrive"}
"""A redrive is a retry of dead letters, so a cursor of one also works in the other."""


@pytest.fixture
def dead(world: World) -> World:
    for _ in range(3):
        world.clock.now += 1
        world.put_in(world.create(), Status.DEAD_LETTER)
    return world


def seen(answer: Answer) -> tuple[int, bool]:
    """Return the number of jobs in an answer, and whether there is a next page."""
    count = len(answer.json["jobs"]) if "jobs" in answer.json else answer.json["matched"]
    return count, answer.json["next_cursor"] is not None


@pytest.mark.parametrize("of", ROUTES)
def test_each_routes_cursor_in_each_route(dead: World, of: str) -> None:
    cursor = ROUTES[of](dead, None).json["next_cursor"]
    for into, ask in {**ROUTES, "logs": logs}.items():
        answer = ask(dead, cursor)
        if of == into or {of, into} == ALIKE:
            assert (answer.status, seen(answer)) == (200, (1, True))
            continue
        assert (answer.status, answer.json["type"]) == (400, "urn:jobflow:problem:invalid-position")
        assert answer.locs == [["query", "cursor"] if into in ("list", "logs") else ["cursor"]]


def test_a_cursor_of_a_log_serves_no_list_and_no_bulk_action(dead: World) -> None:
    which = Filter(id_prefix=f"logs of {next(iter(dead.store._jobs))}")
    cursor = write_cursor(f"{iso(T0)}#1", which, parts.settings.cursor_secret)
    assert [ask(dead, cursor).status for ask in ROUTES.values()] == [400] * len(ROUTES)
