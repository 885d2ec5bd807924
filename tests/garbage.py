"""Collect garbage rarely: up to a fifth of a test's processor time went into looking through what stays anyway.

What is imported and collected stays for the whole run. Python looks through all of it again and again, since moto and
the simulated platforms make many objects; so it is set aside once, and what is new is looked through less often.
"""

import gc

import pytest

NEW_OBJECTS = 20_000
"""Objects after which the youngest are looked through; Python's own number is 700."""

gc.disable()  # until everything is imported


def pytest_collection_finish(session: pytest.Session) -> None:
    """Set aside what is there, and collect from now on."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 50)
    gc.enable()
