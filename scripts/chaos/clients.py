"""Act as producers and operators: post jobs with a key until each POST is answered, cancel and retry jobs."""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

KINDS = (("ok", 70), ("error", 14), ("die", 5), ("permanent", 3), ("dead", 3), ("delayed", 5))
"""Behaviours of a job, with their share in a hundred."""
CANCELLED = 0.03
STEPS = 0.1
"""Share of the jobs that use steps, sleep and wait for an event."""
POSTED = 0.8
"""Share of these jobs whose event is posted, within LONGEST_POST seconds: before or during the wait, or too late."""
LONGEST_POST = 25.0
CALLING, MOST_CALLS = 0.4, 3
"""Share of these jobs that call jobs, and the maximum number of jobs that each calls."""
UNDONE, LATEST_UNDO = 0.25, 20.0
"""Share of these jobs that are cancelled, within LATEST_UNDO seconds; they then undo their first step."""
SURE = 50.0
"""Seconds for which a repeated cancel still lets a job undo its steps; a minute after the first one, it does not."""
KEYED, KEYS = 0.15, 8
"""Share of the jobs that belong to a key (one job of a key runs at a time), and the number of keys."""
CAPPED = 0.15
"""Share of the jobs of which a limit lets one of each key run at once."""
BULK_EVERY, LISTED = 20.0, 60
"""Seconds between two bulk actions, and how many jobs each lists."""
PATIENCE, MOST_PATIENCE = 0.5, 10.0
"""Seconds between the first two tries; the wait doubles after each try."""
LONGEST = 420.0
"""Maximum seconds for which a client repeats a request. Two services that are unavailable one after the other take less
time."""
AT_ONCE = 32
"""Maximum number of requests at the same time. Further requests wait here, not in httpx's pool. The pool scans all
waiting requests at each change: after an outage of three minutes, 1,700 requests waited there for ever."""


class Clients:
    """Post `rate` jobs a second for `seconds`.

    `accepted` contains the id of every job that was answered, with its kind.
    """

    def __init__(self, url: str, token: str, rng: random.Random, runs: Path) -> None:
        self.accepted: dict[str, str] = {}
        self.done: Counter[str] = Counter()
        self.unanswered: list[str] = []
        self.bulk: dict[str, tuple[str, int]] = {}
        """The bulk actions that the API accepted: for each, its action and its number of jobs."""
        self.posted: dict[str, bool] = {}
        """For each job whose event was answered, whether the event was accepted."""
        self.stopped: set[str] = set()
        """The jobs with steps whose cancel was answered in time: they undo their steps."""
        self._rng = rng
        self._runs = str(runs)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._client = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    async def run(self, seconds: float, rate: float) -> None:
        """Post jobs; return when every POST was answered or given up."""
        began, number = time.monotonic(), 0
        async with self._client, asyncio.TaskGroup() as group:
            group.create_task(self._act_in_bulk(began + seconds))
            while time.monotonic() - began < seconds:
                number += 1
                group.create_task(self._one(f"chaos-{number}", self._job()))
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))

    def _job(self) -> tuple[str, dict[str, Any], bool]:
        kind = self._rng.choices([k for k, _ in KINDS], [weight for _, weight in KINDS])[0]
        payload: dict[str, Any] = {"log": self._runs, "seconds": round(self._rng.uniform(0, 0.1), 3)}
        if kind in ("error", "die"):
            payload |= {"kind": kind, "trouble": self._rng.randint(1, 2)}
        if kind == "permanent":
            payload |= {"kind": kind, "trouble": 1}
        if kind == "dead":
            payload |= {"kind": "error", "trouble": 99}
        body: dict[str, Any] = {"type": "chaos.note", "payload": payload}
        if kind != "delayed" and self._rng.random() < KEYED:
            body["type"], payload["key"] = "chaos.keyed", f"key-{self._rng.randrange(KEYS)}"
        if kind != "delayed" and self._rng.random() < CAPPED:
            body["type"], payload["key"] = "chaos.capped", f"capped-{self._rng.randrange(KEYS)}"
        if kind in ("ok", "die") and self._rng.random() < STEPS:
            body["type"] = "chaos.steps"
            body["payload"] = {
                "log": self._runs, "nap": round(self._rng.uniform(0, 5), 3), "dies": kind == "die",
                "patience": round(self._rng.uniform(5, 30), 3),
                "calls": self._rng.randint(1, MOST_CALLS) if self._rng.random() < CALLING else 0,
            }  # fmt: skip
            return kind, body, self._rng.random() < UNDONE
        if kind == "delayed":
            body["delay_seconds"] = self._rng.randint(1, 30)
        if kind == "dead":
            body["max_attempts"] = 2
        return kind, body, self._rng.random() < CANCELLED

    async def _one(self, key: str, job: tuple[str, dict[str, Any], bool]) -> None:
        kind, body, cancelled = job
        answer = await self._insist("/jobs", body, key)
        if answer is None:
            self.unanswered.append(key)
            return
        job_id = answer.json()["id"]
        self.accepted[job_id] = kind
        self.done["replayed"] += answer.status_code == httpx.codes.OK
        composed = body["type"] == "chaos.steps"
        if composed and not cancelled and self._rng.random() < POSTED:
            await asyncio.sleep(self._rng.uniform(0, LONGEST_POST))
            event = await self._insist(f"/jobs/{job_id}/events/go", {"data": {"from": key}}, None)
            if event is not None:
                self.posted[job_id] = event.is_success
                self.done["events posted" if event.is_success else "events refused"] += 1
        if cancelled:
            await asyncio.sleep(self._rng.uniform(0, LATEST_UNDO) if composed else 0.0)
            began = time.monotonic()
            stopped = await self._insist(f"/jobs/{job_id}/cancel", {}, None)
            done = stopped is not None and stopped.is_success
            self.done["asked to stop"] += done
            if composed and done and time.monotonic() - began < SURE:
                self.stopped.add(job_id)

    async def _act_in_bulk(self, ends: float) -> None:
        """From time to time, until the end, retry or discard a list of jobs. Most of these jobs cannot be changed."""
        while time.monotonic() < ends:
            await asyncio.sleep(BULK_EVERY)
            known = list(self.accepted)
            ids = self._rng.sample(known, min(len(known), LISTED))
            action = self._rng.choice(("retry", "retry", "discard"))
            answer = await self._insist("/bulk", {"action": action, "ids": ids}, None) if ids else None
            if answer is not None and answer.is_success:
                self.bulk[answer.json()["id"]] = action, len(ids)
                self.done["bulk actions"] += 1

    async def _insist(self, path: str, body: dict[str, Any], key: str | None) -> httpx.Response | None:
        """Repeat a request until the answer is no longer a server error."""
        ends, pause = time.monotonic() + LONGEST, PATIENCE
        while time.monotonic() < ends:
            try:
                async with self._places:
                    answer = await self._client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
            except httpx.HTTPError:
                self.done["requests broken off"] += 1
            else:
                if not answer.is_server_error:
                    return answer
                self.done["5xx answers"] += 1
            await asyncio.sleep(self._rng.uniform(pause / 2, pause))
            pause = min(MOST_PATIENCE, 2 * pause)
        return None
