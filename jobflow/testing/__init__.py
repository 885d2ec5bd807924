"""Test job types: one function (`run`), or complete lifecycles in memory with a controlled clock (`Platform`).

Needs the platform's library (`chalicelib`); pytest only for `jobflow.testing.fixtures`.
"""

from jobflow.testing.clock import Clock
from jobflow.testing.platform import Platform
from jobflow.testing.single import Context, Ran, example, run
from jobflow.testing.workers import WorkerGone

__all__ = ["Clock", "Context", "Platform", "Ran", "WorkerGone", "example", "run"]
