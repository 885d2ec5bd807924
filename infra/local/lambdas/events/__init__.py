"""Invoke functions as AWS does: from queues, from the table's stream, on a schedule.

The code that runs a function is outside of this package.
"""
