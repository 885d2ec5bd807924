"""Measure the CPU of the client and the command line: `jobflow --help`, and `submit` beside httpx alone.

Run it as `python -m scripts.benches.client`. Medians of user and system time, since a busy machine only adds waiting.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx

from jobflow import JobFlow

HELP_MS = 150
SUBMIT_MS = 1.0
RUNS, REQUESTS = 9, 2_000
PAYLOAD = {"to": ["ada@example.com"], "subject": "Shipped", "text": "It is on its way."}
JOB = {
    "id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", "type": "email.send", "status": "queued", "payload": PAYLOAD,
    "payload_bytes": 90, "attempts": 0, "max_attempts": 3, "gen": 1, "created_at": "2027-01-15T08:00:00.000Z",
    "updated_at": "2027-01-15T08:00:00.000Z", "tags": [], "correlation_id": "c", "cancel_requested": False,
}  # fmt: skip
URL = "http://127.0.0.1:1"


def help_ms() -> float:
    """Return the CPU of `jobflow --help` in milliseconds."""
    used = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "jobflow", "--help"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(used) * 1000


def submit_ms() -> tuple[float, float]:
    """Return the CPU of one `submit`, and of the same request by httpx alone, in milliseconds."""
    body = json.dumps(JOB).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(201, content=body))
    with JobFlow(URL, "jf_x", transport=transport) as jobs:
        ours = _each(lambda: jobs.submit("email.send", PAYLOAD))
    asked = {"type": "email.send", "payload": PAYLOAD}
    with httpx.Client(base_url=URL, headers={"Authorization": "Bearer jf_x"}, transport=transport) as client:
        theirs = _each(lambda: client.post("/jobs", json=asked, headers={"Idempotency-Key": "k"}).json())
    return ours, theirs


def _each(act: Callable[[], object]) -> float:
    for _ in range(100):
        act()
    begun = time.process_time()
    for _ in range(REQUESTS):
        act()
    return (time.process_time() - begun) / REQUESTS * 1000


def main() -> int:
    """Print the figures; return 1 when one is past its aim."""
    shown, (ours, theirs) = help_ms(), submit_ms()
    print(f"jobflow --help             {shown:6.0f} ms CPU, of {HELP_MS}")
    print(f"submit over httpx          {ours - theirs:6.3f} ms CPU, of {SUBMIT_MS:g}  ({ours:.3f} and {theirs:.3f})")
    return 0 if shown <= HELP_MS and ours - theirs <= SUBMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
