"""Count jobs from the table's stream exactly once, read the numbers, and recount them.

The folding is pure; `adapters/dynamo/counting/counters.py` stores the rows.
"""
