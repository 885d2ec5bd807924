"""Measure the emulator against stock moto, side by side, on the loopback address (`make bench`).

For each call: requests a second over one kept-alive connection, and the CPU milliseconds the emulator spent on one.
Bounded in calls and seconds (about two minutes in all). Compare figures of one machine only.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.emulator.processes.child import Emulator
from scripts.benches import emulator_calls as calls

TICKS = os.sysconf("SC_CLK_TCK")
DEPTHS = {"moto": (10, 1_000, 10_000), "stock-moto": (10, 1_000)}  # filling 10,000 takes stock moto half an hour
ITEMS = {"moto": (2_000, 100_000), "stock-moto": (2_000,)}


@dataclass(frozen=True)
class Figure:
    """The cost of one call: calls in a second, and the server's CPU for each, in milliseconds."""

    rate: float
    cpu: float


class Measurement:
    """One emulator under measurement. A measurement ends after its calls or its seconds, whichever is first."""

    def __init__(self, emulator: Emulator, seconds: float) -> None:
        self._pid = emulator.pid
        self._seconds = seconds
        self.wire = calls.Wire(emulator.url)

    def prepare(self, items: int) -> None:
        """Make the table, its index and the queue, and fill the table."""
        self.wire.send(calls.dynamodb("CreateTable", calls.TABLE))
        self.wire.send(calls.sqs("CreateQueue", {"QueueName": "q"}))
        self.wire.send(calls.call("ses", "", {"EmailIdentity": "a@example.com"}, "/v2/email/identities"))
        for batch in calls.fill(items):
            self.wire.send(batch)

    def measure(self, calls: int, act: Callable[[int], None]) -> Figure:
        """Do `act` with 0, 1, 2 …"""
        act(0)
        cpu, begun, done = self._cpu(), time.perf_counter(), 0
        while done < calls and time.perf_counter() - begun < self._seconds:
            done += 1
            act(done)
        passed = time.perf_counter() - begun
        return Figure(done / passed, 1000 * (self._cpu() - cpu) / done)

    def receive_and_delete(self, _number: int) -> None:
        """Receive ten messages, delete them, and send ten others, so that the depth stays."""
        received = json.loads(self.wire.send(calls.sqs("ReceiveMessage", {"MaxNumberOfMessages": 10})))["Messages"]
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(received)]
        self.wire.send(calls.sqs("DeleteMessageBatch", {"Entries": entries}))
        for batch in calls.fill_queue(10):
            self.wire.send(batch)

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def measure_table(self) -> dict[str, Figure]:
        """Measure every call on the table, as full as it is."""
        new = 10_000_000
        return {
            "PutItem": self.measure(2_000, lambda n: self._send(calls.put(new + n))),
            "GetItem": self.measure(4_000, lambda n: self._send(calls.get(n % 1_000))),
            "UpdateItem": self.measure(2_000, lambda n: self._send(calls.claim(n % 1_000))),
            "Query 20": self.measure(1_000, lambda n: self._send(calls.query(n))),
        }

    def measure_queue(self, depth: int) -> dict[str, Figure]:
        """Measure every call on the queue, at a steady depth."""
        self._send(calls.sqs("CreateQueue", {"QueueName": "q"}))
        for batch in calls.fill_queue(depth):
            self._send(batch)
        figures = {"receive, delete, send 10": self.measure(200, self.receive_and_delete)}
        return figures | {"SendMessage": self.measure(2_000, lambda n: self._send(calls.send(n)))}

    def measure_email(self) -> dict[str, Figure]:
        """Measure SESv2 SendEmail."""
        email = calls.call("ses", "", calls.EMAIL, "/v2/email/outbound-emails")
        return {"SendEmail": self.measure(2_000, lambda _n: self._send(email))}

    def _send(self, call: bytes) -> None:
        self.wire.send(call)


def run(backend: str, seconds: float, log: Path) -> dict[str, Figure]:
    """Measure one backend, afresh for each size, and return its figures by name and size."""
    figures: dict[str, Figure] = {}
    for items in ITEMS[backend]:
        with Emulator.start(backend=backend, log_path=log) as emulator:
            measurement = Measurement(emulator, seconds)
            measurement.prepare(items)
            figures |= {f"{name} at {items:,} items": figure for name, figure in measurement.measure_table().items()}
            figures |= measurement.measure_email()
    for depth in DEPTHS[backend]:
        with Emulator.start(backend=backend, log_path=log) as emulator:
            measured = Measurement(emulator, seconds).measure_queue(depth)
            figures |= {f"{name} at depth {depth:,}": figure for name, figure in measured.items()}
    return figures


def main() -> None:
    """Print a table of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="at most, for one measurement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = run("moto", options.seconds, Path(folder) / "moto.log")
        stock = run("stock-moto", options.seconds, Path(folder) / "stock.log")
    print(f"{'call':<42}{'req/s':>8}{'CPU ms':>9}{'stock req/s':>13}{'CPU ms':>9}{'faster':>8}")
    for name, figure in ours.items():
        line = f"{name:<42}{figure.rate:>8.0f}{figure.cpu:>9.2f}"
        if name in stock:
            other = stock[name]
            line += f"{other.rate:>13.1f}{other.cpu:>9.2f}{figure.rate / other.rate:>7.0f}x"
        print(line)


if __name__ == "__main__":
    main()
