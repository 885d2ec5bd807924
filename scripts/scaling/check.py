"""Compare the simulation with the local stack, at a size that a laptop can do: `python -m scripts.scaling.check`.

Bounded: 48 jobs that sleep for half a second, four workers, on the loopback address. Compare ratios: on a busy machine
the stack takes longer.
"""

import sys
import tempfile
import time
from pathlib import Path

import httpx

from infra.local.platform import Platform
from scripts.chaos.site import options
from scripts.scaling.limits import Setting
from scripts.scaling.simulation import play

JOBS, SECONDS, WORKERS, BATCH = 48, 0.5, 4, 5
"""Workers and batch are those of the soak's job type and stack."""
LONGEST = 120.0


def measured(folder: Path) -> float:
    """Return the seconds that the local stack needs for the jobs, from the first job's start to the last one's end."""
    platform = Platform(options(folder), lambda _: None)
    try:
        platform.start()
        headers = {"Authorization": f"Bearer {platform.token}"}
        with httpx.Client(base_url=platform.api_url, headers=headers, timeout=30, trust_env=False) as api:
            _submit(api, folder, 1)  # starts the first environment
            began = time.monotonic()
            _submit(api, folder, JOBS)
            while time.monotonic() - began < LONGEST:
                page = api.get("/jobs", params={"status": "completed", "limit": 100}).raise_for_status().json()
                if len(page["jobs"]) == JOBS + 1:
                    break
                time.sleep(0.1)
            return time.monotonic() - began
    finally:
        platform.close()


def _submit(api: httpx.Client, folder: Path, number: int) -> None:
    job = {"type": "chaos.note", "payload": {"log": str(folder / "runs.txt"), "seconds": SECONDS}}
    for start in range(0, number, 24):
        api.post("/jobs/batch", json={"jobs": [job] * min(24, number - start)}).raise_for_status()


def main() -> int:
    """Print what was simulated and what was measured."""
    simulated = play(Setting(0, SECONDS, JOBS, concurrency=WORKERS, batch=BATCH), 120)
    expected = sum(1 for number in simulated.done if number > 0)
    with tempfile.TemporaryDirectory(prefix="jobflow-scaling-") as folder:
        took = measured(Path(folder))
    print(f"{JOBS} jobs of {SECONDS:g} s, {WORKERS} workers: simulated {expected} s, measured {took:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
