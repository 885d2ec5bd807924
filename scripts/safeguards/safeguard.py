"""Describe a safeguard: the code that makes it, the code without it, and the tests that must then fail."""

from dataclasses import dataclass

UNITS = (
    "tests/chalicelib/worker",
    "tests/chalicelib/watchdog/test_rules.py",
    "tests/chalicelib/watchdog/test_dead_letter_rules.py",
    "tests/chalicelib/watchdog/test_resending.py",
    "tests/chalicelib/watchdog/test_resumed.py",
    "tests/chalicelib/watchdog/test_removed_types.py",
    "tests/chalicelib/watchdog/test_sweep.py",
    "tests/chalicelib/watchdog/test_failures.py",
    "tests/chalicelib/watchdog/test_run.py",
    "tests/chalicelib/watchdog/test_sharing.py",
    "tests/chalicelib/jobs/test_transitions.py",
    "tests/chalicelib/jobs/types/test_backoff.py",
    "tests/chalicelib/service/test_jobs.py",
    "tests/chalicelib/service/test_steering.py",
    "tests/chalicelib/service/test_delays.py",
    "tests/chalicelib/test_safeguards.py",
)
PORTS = "tests/proof/test_crash_points.py::test_no_crash_point_loses_or_doubles_anything_over_the_ports"
MONTH = "tests/proof/test_month.py"
WAITS = ("tests/chalicelib/worker", "tests/chalicelib/jobs/types/test_backoff.py", PORTS)
FAST = (*UNITS, PORTS)
STEERING = ("tests/chalicelib/service", "tests/contract/jobs/test_planned_anew.py", PORTS)
ADAPTERS = (
    "tests/contract/jobs/test_job_store.py",
    "tests/contract/jobs/test_lost_replies.py",
    "tests/contract/jobs/test_races.py",
)


@dataclass(frozen=True)
class Safeguard:
    """One protection against a lost or doubled job.

    `symbol` is "module:name" or "module:Class.name" of a function, a method or a constant. `code` is Python (an
    expression, statements, or a dictionary's items) that is in it exactly once, `without` what takes its place;
    compared as syntax trees, so that moving or formatting the code changes nothing.
    """

    name: str
    symbol: str
    code: str
    without: str
    tests: tuple[str, ...] = FAST

    @property
    def module(self) -> str:
        """Return the module's dotted name."""
        return self.symbol.partition(":")[0]

    @property
    def qualname(self) -> str:
        """Return the symbol's name in its module."""
        return self.symbol.partition(":")[2]
