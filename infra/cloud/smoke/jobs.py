"""Run one job of each type that has a smoke payload, through the API, until it has ended; check that it is counted.

Of a type with an urgent queue, run one from each of its queues.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import ACTIVE, TERMINAL, Status
from chalicelib.jobs.priority import Priority
from infra.cloud.smoke.calls import Api
from infra.cloud.smoke.problem import SmokeFailed

TAG = "smoke"
ATTEMPTS = 2
"""Attempts of the job: a call to another service may fail once."""
PATIENCE = 180.0
"""Seconds until a job has ended: a new event source mapping takes a minute, a cold start some seconds."""
COUNTED = 120.0
"""Seconds until the counters must have counted the job."""
POLL = 1.0
TO_CANCEL = ACTIVE


@dataclass(frozen=True)
class Jobs:
    """Run the jobs.

    `lagging`: the counters were late before the deployment, so the deployment is not the cause of their delay.
    """

    api: Api
    lagging: bool = False
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, types: Sequence[JobType[Any, Any]]) -> list[str]:
        """Return the report. Raises SmokeFailed; unfinished jobs are then cancelled or discarded."""
        before = self.api.send("GET", "/metrics")
        paused = [kind for kind in types if self._numbers(before, kind).get("paused")]
        told = [f"{kind.name} is paused and was not tried" for kind in paused]
        ran: list[JobType[Any, Any]] = []
        for kind in types:
            if kind not in paused and not kind.changes.retired:
                for urgent in (False, True) if kind.urgent else (False,):
                    fresh, sentence = self._one(kind, urgent=urgent)
                    told.append(sentence)
                    ran += [kind] if fresh and kind not in ran else []
        if ran:
            told.append(self._counted(before, ran))
        return told

    def _one(self, kind: JobType[Any, Any], *, urgent: bool) -> tuple[bool, str]:
        """Return whether a job ran, from the urgent queue or the other one, and a sentence about the result."""
        wanted = {"type": kind.name, "payload": kind.changes.smoke, "max_attempts": ATTEMPTS, "tags": [TAG]}
        wanted |= {"priority": Priority.HIGH} if urgent else {}
        made = self.api.send("POST", "/jobs", wanted, key=f"{TAG}-{uuid.uuid4()}")
        if made["status"] in TERMINAL:
            # a type with `unique` returns the existing job
            told = "; its urgent queue was not tried" if urgent else ""
            return False, f"{kind.name} is unique, and has run with this payload before{told}"
        path, start = f"/jobs/{made['id']}", self.clock()
        job = made
        while job["status"] not in TERMINAL and self.clock() < start + PATIENCE:
            self.sleep(POLL)
            job = self.api.send("GET", path)
        if job["status"] == Status.COMPLETED:
            queue = " from its urgent queue" if urgent else ""
            return True, f"{kind.name} completed{queue} in {self.clock() - start:.0f} s"
        self._clear(path, job["status"])
        why = job.get("error_message") or job.get("why") or "its worker's log may say why"
        raise SmokeFailed(f"the job {made['id']} of {kind.name} is {job['status']}, not completed: {why}")

    def _clear(self, path: str, status: str) -> None:
        """Cancel or discard the job, so that it causes no alarm, does not wait, and does not run later."""
        action = "cancel" if status in TO_CANCEL else "discard"
        try:
            self.api.send("POST", f"{path}/{action}", {}, key="")
        except SmokeFailed:
            # the job ended meanwhile, or the API itself fails; in both cases the caller reports the first error
            return

    def _counted(self, before: dict[str, Any], ran: Sequence[JobType[Any, Any]]) -> str:
        until = self.clock() + COUNTED
        while True:
            after = self.api.send("GET", "/metrics")
            behind = [kind.name for kind in ran if self._completed(after, kind) <= self._completed(before, kind)]
            if not behind:
                more = after["dlq_length"] - before["dlq_length"]
                return "counted; " + (f"{more} new dead letters meanwhile" if more > 0 else "no new dead letter")
            if self.clock() >= until:
                break
            self.sleep(POLL)
        if self.lagging:
            return "not counted yet: the alarm counters-behind rang before"
        raise SmokeFailed(f"the counters did not count the job of {', '.join(behind)} within {COUNTED:.0f} s")

    def _completed(self, metrics: dict[str, Any], kind: JobType[Any, Any]) -> int:
        return int(self._numbers(metrics, kind).get("completed_jobs", 0))

    def _numbers(self, metrics: dict[str, Any], kind: JobType[Any, Any]) -> dict[str, Any]:
        found: dict[str, Any] = metrics["by_type"].get(kind.name, {})
        return found
