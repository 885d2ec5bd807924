"""Measure the CPU of the client and the command line: compare `jobflow --help` with typer, and `submit` with httpx.

Run it as `python -m scripts.benches.client`. The two are run in turns, and the median of the ratios is compared with
the limit: a slow or busy machine affects both sides.
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

HELP_OVER_TYPER = 1.75
SUBMIT_MS = 1.0
RUNS, REQUESTS = 9, 2_000
PAYLOAD = {"to": ["ada@example.com"], "subject": "Shipped", "text": "It is on its way."}
JOB = {
    "id": "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", "type": "email.send", "status": "queued", "payload": PAYLOAD,
    "payload_bytes": 90, "attempts": 0, "max_attempts": 3, "gen": 1, "created_at": "2027-01-15T08:00:00.000Z",
    "updated_at": "2027-01-15T08:00:00.000Z", "tags": [], "correlation_id": "c", "cancel_requested": False,
}  # fmt: skip
URL = "http://127.0.0.1:1"


def help_ms() -> tuple[float, float, float]:
    """Return the CPU of `jobflow --help` and of importing typer (medians, milliseconds), and the median ratio."""
    pairs = [(_process("-m", "jobflow", "--help"), _process("-c", "import typer.main")) for _ in range(RUNS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return ours, theirs, statistics.median(mine / other for mine, other in pairs)


def _process(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def submit_ms() -> tuple[float, float]:
    """Return the CPU of one `submit`, and of the same request with httpx, in milliseconds."""
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
    """Print the numbers; return 1 if one is above its limit."""
    (shown, typer, ratio), (ours, theirs) = help_ms(), submit_ms()
    print(
        f"jobflow --help over typer  {ratio:6.2f} times the CPU, of {HELP_OVER_TYPER}  ({shown:.0f} and {typer:.0f} ms)"
    )
    print(f"submit over httpx          {ours - theirs:6.3f} ms CPU, of {SUBMIT_MS:g}  ({ours:.3f} and {theirs:.3f})")
    return 0 if ratio <= HELP_OVER_TYPER and ours - theirs <= SUBMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
