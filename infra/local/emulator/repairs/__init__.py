"""Repairs of moto, each in its own function: what it costs or breaks as it is, and what is put in its place.

They lean on moto's inside, so they hold for one version of it, which is checked before anything is touched.
"""

from collections.abc import Callable
from importlib.metadata import version

from . import (
    bucket_policies,
    dynamodb_conditions,
    dynamodb_items,
    dynamodb_query,
    dynamodb_results,
    dynamodb_streams,
    dynamodb_updates,
    dynamodb_writes,
    plumbing,
    sqs_clock,
    sqs_queue,
)
from .patching import Replacements
from .table_views import TableViews

MOTO_VERSION = "5.2.5"


def apply(clock: Callable[[], float], on_message: Callable[[str], None]) -> Replacements:
    """Repair moto in this process and return the means to undo it.

    `clock` gives seconds since the epoch (UTC) and drives the queues; `on_message` hears the name of a queue in which a
    message was put or made visible. Raises RuntimeError when the moto installed is not the one repaired here.
    """
    require_moto(version("moto"))
    replacements = Replacements()
    plumbing.repair(replacements)
    bucket_policies.repair(replacements)
    sqs_clock.repair(replacements, clock)
    sqs_queue.repair(replacements, clock, on_message)
    views = TableViews()
    dynamodb_items.repair(replacements)
    dynamodb_conditions.repair(replacements)
    dynamodb_updates.repair(replacements)
    dynamodb_results.repair(replacements)
    dynamodb_writes.repair(replacements, views)
    dynamodb_query.repair(replacements, views)
    dynamodb_streams.repair(replacements)
    return replacements


def require_moto(installed: str) -> None:
    """Raise RuntimeError unless `installed` is the moto version these repairs were written against."""
    if installed != MOTO_VERSION:
        raise RuntimeError(
            f"the emulator repairs moto {MOTO_VERSION}, but moto {installed} is installed: "
            f"install moto=={MOTO_VERSION}, or go through infra/local/emulator/repairs and its tests for the new one"
        )
