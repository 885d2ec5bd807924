"""Repair moto, one module for each repair: it says what moto costs or breaks, and what replaces it.

They depend on moto's internals. `Replacements.put` refuses a name that moto no longer has; the tests compare
the answers to those of the moto that is installed (`test_same_answers`, `test_same_queue`).
"""

from collections.abc import Callable

from . import (
    bucket_policies,
    dynamodb_expressions,
    dynamodb_query,
    dynamodb_streams,
    dynamodb_writes,
    every_call,
    logs,
    results,
    sqs_queue,
)
from .patching import Replacements
from .views import TableViews


def apply(clock: Callable[[], float], on_message: Callable[[str], None]) -> Replacements:
    """Repair moto in this process and return what undoes it.

    `clock` gives seconds since the epoch (UTC) and drives the queues; `on_message` gets the name of a queue in which a
    message was put or made visible. Raises IncompatibleMoto when moto no longer has what is repaired here.
    """
    replacements, views = Replacements(), TableViews()
    every_call.repair(replacements)
    results.repair(replacements)
    bucket_policies.repair(replacements)
    sqs_queue.repair(replacements, clock, on_message)
    dynamodb_expressions.repair(replacements)
    dynamodb_writes.repair(replacements, views)
    dynamodb_query.repair(replacements, views)
    dynamodb_streams.repair(replacements)
    logs.repair(replacements)
    return replacements
