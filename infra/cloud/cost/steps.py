"""Compute the additional cost of steps, sleeps and waits of a job. Pure. Tests count their requests."""

from dataclasses import dataclass

from chalicelib.usage.constants import (
    API_MB,
    API_SECONDS,
    COUNTED_ROWS,
    COUNTERS_MB,
    COUNTERS_SECONDS,
    LOG_KB,
    REQUEST_WRITE_UNITS,
    STEP_UNITS,
    WORKER_SECONDS,
)
from infra.cloud.cost.calculation import REQUEST_KB, STREAM_BATCH, Line, Load, per_million, total
from infra.cloud.cost.prices import PRICES, Prices

SLEEP_UNITS = 10
"""Write units of a sleep of over 15 minutes: 1 for its end, 3 for the suspension, 2 for the watchdog's check, 1 for the
mark that the message was sent, 3 for the claim of the next invocation."""
WAIT_UNITS = 10
"""Write units of a wait whose event comes: 1 for its end, 3 for the suspension, 1 for the event, 3 for the wake, 1 for
the mark that the message was sent, 1 for the claim of the next invocation."""
CALL_UNITS = 10
"""Write units of a call, without those of the called job: 1 for the row of its beginning, 3 for the suspension, 3 for
the wake, 1 for the mark that the message was sent, 1 for the claim of the next invocation, 1 for the kept results."""
WAKE_UNITS = 8
"""Write units of a further wake of a call: those of the wake, the mark, the claim and the next suspension."""
LOOK_UNITS = 9
"""Write units if a job that has waited for its call looks by itself: 2 for the watchdog's check, 1 for the mark that
the message was sent, 3 for the claim, 3 for the next suspension."""
RESUME_READS = {10: 1.0, 1_000: 34.0}
"""Read units of an invocation that reads this many small steps."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A kind of wait: write units, and changes in the stream, which come at so many different times; its messages.

    `posted`: a request to the API ends the wait.
    """

    what: str
    units: int
    changes: int
    times: int
    sent: int
    posted: bool

    def needs(self, load: Load, request_units: float = REQUEST_WRITE_UNITS) -> dict[str, float]:
        """Return what one wait and the invocation after it need, by the names that `per_million` accepts.

        `request_units`: write units of the rate limit for a request.
        """
        batches = self.times if load.in_stream == 1 else self.changes / STREAM_BATCH
        api, worker = float(self.posted), self.sent / load.in_batch
        seconds = (api * API_SECONDS + WORKER_SECONDS) * API_MB + batches * COUNTERS_SECONDS * COUNTERS_MB
        return {
            "api_request": api,
            "lambda_request": api + worker + batches,
            "gb_seconds": seconds / 1024,
            # each message is sent; each batch is received, hidden for its duration and deleted
            "sqs_request": self.sent + 3 * worker,
            "write_unit": self.units + api * request_units + COUNTED_ROWS * batches,
            "read_unit": RESUME_READS[10] + 2 * api,
            "log_kb": LOG_KB / 2 + api * REQUEST_KB,
        }


SLEEP = Wait("a sleep of over 15 minutes", SLEEP_UNITS, changes=4, times=3, sent=1, posted=False)
EVENT = Wait("a wait for an event, and the event", WAIT_UNITS, changes=4, times=2, sent=2, posted=True)
CALL = Wait("a call, without the called job", CALL_UNITS, changes=4, times=2, sent=1, posted=False)
WAKE = Wait("a further wake of a call", WAKE_UNITS, changes=4, times=1, sent=1, posted=False)
LOOK = Wait("a look of a call that lasts", LOOK_UNITS, changes=4, times=2, sent=1, posted=False)


def lines(load: Load, prices: Prices = PRICES, request_units: float = REQUEST_WRITE_UNITS) -> list[Line]:
    """Return the cost of a million kept steps, sleeps, waits and calls, and of as many reads of some kept steps."""
    waits = [
        Line(wait.what, 1, total(per_million(wait.needs(load, request_units), prices)))
        for wait in (SLEEP, EVENT, CALL, WAKE, LOOK)
    ]
    reads = [
        Line(f"an invocation with {number:,} kept steps", 1, units * prices.read_unit)
        for number, units in RESUME_READS.items()
    ]
    return [Line("a kept step", 1, STEP_UNITS * prices.write_unit), *waits, *reads]
