"""Invoke functions as AWS does: from queues, from the table's stream, on a schedule.

How a function runs is beside this package.
"""
