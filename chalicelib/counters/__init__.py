"""Count jobs from the table's stream exactly once, read the numbers back, and recount them.

The folding is pure; how rows are stored is `adapters/dynamo/counting/counters.py`.
"""
