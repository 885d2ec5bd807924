"""The nightly Lambda function that recounts the jobs."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.counters.recount import Recount, night
from chalicelib.worker.context import LambdaContext


def handler(_event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Recount all jobs; return how many there are, what is certainly wrong, and what was repaired."""
    return night(Recount(wiring.census(), wiring.counters(), wiring.counter_rows(), wiring.clock()))
