"""Send requests to a stage's own API like a producer, with a token that is made for it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from infra.cloud.smoke.problem import SmokeFailed

AGAIN = (403, 404, 429)
"""Statuses after which a request is repeated, in addition to all 5xx: API Gateway returns them while it deploys."""
SECONDS = 30.0
"""Seconds to wait for an answer: API Gateway ends every request after 29 s."""
PATIENCE = 60.0
"""Seconds for which a request is repeated."""
LOOK_PAUSE = 2.0


@dataclass
class Api:
    """The API at `url` for a caller with `token`. Repeatable requests are repeated for `patience` seconds."""

    url: str
    token: str
    patience: float = PATIENCE
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def send(self, method: str, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
        """Return the document in the answer. A POST is repeated only with a `key`. Raises SmokeFailed."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        until = self.clock() + self.patience
        while True:
            status, text = self._once(method, path, None if body is None else json.dumps(body).encode(), headers)
            if 200 <= status < 300:
                found: dict[str, Any] = json.loads(text)
                return found
            refused = status and status < 500 and status not in AGAIN
            if refused or self.clock() >= until or not (key or method == "GET"):
                raise SmokeFailed(f"{method} {path} answers {_told(status, text)}")
            self.sleep(LOOK_PAUSE)

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, str]:
        try:
            answer = self.pool.request(
                method, f"{self.url.rstrip('/')}{path}", body=body, headers=dict(headers), timeout=SECONDS
            )
        except urllib3.exceptions.HTTPError as error:
            return 0, str(error)
        return answer.status, answer.data.decode(errors="replace")


def _told(status: int, text: str) -> str:
    """Return an error answer in words: the detail, if the answer is a problem document."""
    if not status:
        return f"nothing ({text})"
    try:
        return f"{status}: {json.loads(text)['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{status}: {text[:200]}"
