"""Test job types: call one function (`run`), or run complete lifecycles in memory with your own clock (`Platform`).

With `eager`, the jobs that an application submits run in the process of the test.

This package needs the platform's library (`chalicelib`). Only `jobflow.testing.fixtures` needs pytest.
"""

from jobflow.testing.clock import Clock
from jobflow.testing.eager import eager
from jobflow.testing.platform import Platform
from jobflow.testing.single import Context, Ran, example, run
from jobflow.testing.workers import WorkerGone

__all__ = ["Clock", "Context", "Platform", "Ran", "WorkerGone", "eager", "example", "run"]
