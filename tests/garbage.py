"""Collect garbage rarely, because up to a fifth of a test's processor time was used for checks of permanent objects.

Imported and collected objects stay for the whole run. Python would check all of them again and again, because moto and
the simulated platforms make many objects. Therefore permanent objects are excluded once, and new objects are checked
less often.
"""

import gc

import pytest

NEW_OBJECTS = 20_000
"""Number of new objects after which the youngest are checked; Python's own number is 700."""

gc.disable()  # disabled until everything is imported


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude the present objects from garbage collection, and collect from now on."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 50)
    gc.enable()
