"""Measure a batch of eight e-mails, one after the other and side by side: how long the invocation of the worker takes.

Run it as `python -m scripts.benches.threads`. A server on the loopback address plays SES and answers after 100 ms. The
jobs and the queue are in memory, and each of their calls takes 4 ms, as a request to DynamoDB or SQS does. The two ways
take turns, so both get the same machine.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from threading import Thread
from typing import Any, cast

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import JobQueue, JobStore, Message
from chalicelib.side_by_side import in_a_thread
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.consume import Worker
from chalicelib.worker.crew import crew_of

MAILS = 8
ROUNDS = 15
SES_SECONDS, REQUEST_SECONDS = 0.1, 0.004
TIMEOUT = 60
THREADS = (1, 8)
TYPE = "email.send"


class Ses(BaseHTTPRequestHandler):
    """A server that accepts each e-mail after SES_SECONDS."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """The answer is sent in one piece: a second piece would wait for the first one's confirmation."""

    def do_POST(self) -> None:
        """Answer SendEmail."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SES_SECONDS)
        body = json.dumps({"MessageId": "m-1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no line."""


class Slow:
    """A port whose calls take as long as a request."""

    def __init__(self, port: object) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name == "signed":  # without a request
            return found

        def call(*asked: Any, **more: Any) -> Any:
            time.sleep(REQUEST_SECONDS)
            return found(*asked, **more)

        return call


@dataclass
class Invocation:
    """The context of an invocation."""

    ends: float
    aws_request_id: str = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until its end."""
        return int((self.ends - time.time()) * 1000)


def invocation(kind: JobType[Any, Any]) -> float:
    """Return the seconds that a batch of MAILS e-mails takes."""
    store, queue = MemoryJobStore(), MemoryJobQueue()
    records = [_record(kind, store, f"job-{number}") for number in range(MAILS)]
    worker = Worker(
        kind, cast("JobStore", Slow(store)), cast("JobQueue", Slow(queue)), beside=in_a_thread, crew=crew_of
    )
    began = time.perf_counter()
    with gathering():
        again = worker.work({"Records": records}, Invocation(time.time() + TIMEOUT))
    took = time.perf_counter() - began
    ended = {store.get(f"job-{number}").status for number in range(MAILS)}
    if again or ended != {Status.COMPLETED}:
        raise SystemExit(f"not every e-mail was sent: {ended}")
    return took


def _record(kind: JobType[Any, Any], store: MemoryJobStore, job_id: str) -> dict[str, Any]:
    now = time.time()
    store.add(Job(job_id, kind.name, Status.QUEUED, now, now, payload=kind.canonical(kind.example), sent=True))
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(round(now * 1000))}
    body = write_message(Message(job_id, 1, kind.name))
    return {"messageId": job_id, "receiptHandle": job_id, "body": body, "attributes": attributes}


def measured(run: Callable[[int], float]) -> dict[int, list[float]]:
    """Return the seconds of each round by threads; the first round of each is left out, because it makes the client."""
    took: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for _ in range(ROUNDS + 1):
        for threads in THREADS:
            took[threads].append(run(threads))
    return {threads: rounds[1:] for threads, rounds in took.items()}


def main() -> int:
    """Print both times and their ratio."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ses)
    Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "JOBS_TABLE": "bench", "CONTROL_TABLE": "bench",
        "FILES_BUCKET": "bench", "QUEUE_URL_PREFIX": "http://127.0.0.1/bench-", "POWERTOOLS_METRICS_DISABLED": "true",
    }  # fmt: skip
    from handlers.email_send import email_send

    logging.disable(logging.CRITICAL)
    took = measured(lambda n: invocation(replace(email_send, function=replace(email_send.function, threads=n))))
    one, several = (median(took[threads]) for threads in THREADS)
    for threads, rounds in took.items():
        print(f"threads={threads}: {median(rounds):.3f} s ({min(rounds):.3f} to {max(rounds):.3f})")
    print(f"{MAILS} e-mails of {SES_SECONDS * 1000:.0f} ms: {one / several:.1f} times as fast, side by side")
    return 0


if __name__ == "__main__":
    sys.exit(main())
