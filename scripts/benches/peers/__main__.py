"""Print the results of this platform and its peers under the same load: `make bench-peers`.

It prints jobs per second of this platform and of FastAPI with PostgreSQL and Redis, and their ratio. Then it prints the
CPU of a job that does nothing in the workers of Celery and RQ. The same program sends the load to both, in pairs of
runs: first to one, then to the other. It needs a quiet machine, PostgreSQL and Redis; everything uses loopback ports.
This platform sends an e-mail over moto; the peer does nothing.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from scripts.benches.peers.stack import APPS, PYTHON, ROOT, Missing, free_port, install, program, servers, wait_for
from scripts.browser_tests import platform

WORKERS = 4
NOTHING = 500


def theirs(variables: Mapping[str, str], count: int, concurrency: int) -> float:
    """Return the jobs a second of FastAPI, PostgreSQL, Redis and four workers."""
    port = free_port()
    serve: list[str | Path] = [PYTHON, "-m", "uvicorn", "api:app", "--port", str(port), "--log-level", "warning"]
    with program(serve, variables):
        wait_for(port)
        workers = [program([PYTHON, "worker.py"], variables) for _ in range(WORKERS)]
        for worker in workers:
            worker.__enter__()
        try:
            return _load(f"http://127.0.0.1:{port}", "none", count, concurrency)
        finally:
            for worker in workers:
                worker.__exit__(None, None, None)


def ours(count: int, concurrency: int) -> float:
    """Return the jobs a second of this platform, as `make dev` runs it."""
    with tempfile.TemporaryDirectory() as folder, platform(Path(folder)) as state:
        return _load(state["api"], state["token"], count, concurrency)


def _load(url: str, token: str, count: int, concurrency: int) -> float:
    command = [sys.executable, "-m", "scripts.load", "--url", url, "--token", token]
    command += ["--count", str(count), "--concurrency", str(concurrency)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["jobs_per_second"])


def worker_ms(kind: str, variables: Mapping[str, str]) -> float:
    """Return the CPU of a Celery or RQ worker for one job that does nothing, including its start, in milliseconds."""
    environment = {**os.environ, **variables}
    subprocess.run([PYTHON, "fill.py", kind, str(NOTHING)], cwd=APPS, env=environment, check=True, capture_output=True)
    commands: dict[str, list[str | Path]] = {
        "rq": [
            PYTHON,
            *["-m", "rq.cli", "worker", "--burst", "--worker-class", "rq.SimpleWorker", "--url"],
            variables["PEERS_REDIS"],
        ],
        "celery": [PYTHON, "-c", CELERY_UNTIL_EMPTY],
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(commands[kind], cwd=APPS, env=environment, check=True, capture_output=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / NOTHING * 1000


CELERY_UNTIL_EMPTY = f"""
import threading
from celery import signals
from tasks import app
done = 0
@signals.task_postrun.connect
def count(**_):
    global done
    done += 1
    if done == {NOTHING}:
        threading.Thread(target=worker.stop).start()
worker = app.Worker(pool="solo", loglevel="ERROR", without_gossip=True, without_mingle=True, without_heartbeat=True)
worker.start()
"""


def main() -> int:
    """Measure; return 1 if something is missing."""
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--count", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobflow-peers-") as folder:
        try:
            install()
            with servers(Path(folder)) as running:
                for concurrency in (1, 10, 50):
                    _compare(asked.pairs, asked.count, concurrency, running.variables)
                for kind in ("celery", "rq"):
                    print(
                        f"{kind}: {worker_ms(kind, running.variables):.2f} ms of worker CPU for a job that does nothing"
                    )
        except Missing as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _compare(pairs: int, count: int, concurrency: int, variables: Mapping[str, str]) -> None:
    ratios = []
    for _ in range(pairs):
        one, other = ours(count, concurrency), theirs(variables, count, concurrency)
        ratios.append(one / other)
        print(f"concurrency {concurrency}: {one:.1f} / {other:.1f} jobs a second, ratio {one / other:.2f}", flush=True)
    print(f"concurrency {concurrency}: median ratio {median(ratios):.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
