"""Answer calls of tests to the emulator itself, under /_jobflow/.

There are six calls: health, reset, advance the clock of the queues, set the roles of functions, bring back the last
run, answer the waiting receives of a queue.
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from infra.local import callers

from .server import Reply, Request

PREFIX = "/_jobflow/"


class Control:
    """The control calls. They are accepted only on loopback, and never from a web page."""

    def __init__(
        self,
        *,
        reset: Callable[[], None],
        advance: Callable[[float], float],
        describe: Callable[[], dict[str, Any]],
        roles: Callable[[Mapping[str, Any]], None],
        bring_back: Callable[[str, Mapping[str, str]], dict[str, Any]],
        end_polls: Callable[[str], None],
    ) -> None:
        self._reset = reset
        self._advance = advance
        self._describe = describe
        self._roles = roles
        self._back = bring_back
        self._end_polls = end_polls
        self._calls: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "health"): self._health,
            ("POST", "reset"): self._forget_everything,
            ("POST", "clock"): self._move_clock,
            ("POST", "roles"): self._take_roles,
            ("POST", "back"): self._bring_back,
            ("POST", "polls"): self._answer_polls,
        }

    def __call__(self, request: Request) -> Reply:
        """Answer one call."""
        if callers.is_page(request.headers.get):
            return _json(HTTPStatus.FORBIDDEN, {"error": "not for web pages"})
        call = self._calls.get((request.method, request.path.removeprefix(PREFIX)))
        return call(request) if call else _json(HTTPStatus.NOT_FOUND, {"error": "unknown control call"})

    def _health(self, _request: Request) -> Reply:
        return _json(HTTPStatus.OK, {"status": "ok", **self._describe()})

    def _forget_everything(self, _request: Request) -> Reply:
        self._reset()
        return _json(HTTPStatus.OK, {"status": "ok"})

    def _take_roles(self, request: Request) -> Reply:
        self._roles(json.loads(request.body))
        return _json(HTTPStatus.OK, {"status": "ok"})

    def _bring_back(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        return _json(HTTPStatus.OK, self._back(asked["version"], asked["expiring"]))

    def _answer_polls(self, request: Request) -> Reply:
        self._end_polls(json.loads(request.body)["queue"])
        return _json(HTTPStatus.OK, {"status": "ok"})

    def _move_clock(self, request: Request) -> Reply:
        try:
            shift = self._advance(float(json.loads(request.body)["advance"]))
        except (ValueError, KeyError, TypeError) as error:
            return _json(HTTPStatus.BAD_REQUEST, {"error": f'send {{"advance": seconds}}: {error}'})
        return _json(HTTPStatus.OK, {"status": "ok", "ahead_seconds": shift})


def _json(status: HTTPStatus, body: dict[str, Any]) -> Reply:
    return Reply(status, [("Content-Type", "application/json")], json.dumps(body).encode())
