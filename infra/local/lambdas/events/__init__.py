"""Invoke functions as AWS does: with messages of queues, with records of the table's stream, on a schedule.

The code that runs a function is outside of this package.
"""
