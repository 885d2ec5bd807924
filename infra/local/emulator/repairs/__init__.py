"""Repair moto.

There is one module for each repair; its docstring says what is wrong or slow in moto, and what replaces it.

The repairs depend on moto's internals. `Replacements.put` refuses a name that moto no longer has; tests compare the
answers with those of the installed moto (`test_same_answers`, `test_same_queue`).
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
    """Repair moto in this process and return the undo function.

    `clock` gives seconds since the epoch (UTC), and is the clock of the queues. `on_message` is called with the name of
    a queue when a message is added to it or becomes visible in it. Raises IncompatibleMoto if moto no longer has the
    repaired parts.
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
