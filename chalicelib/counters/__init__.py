"""Count jobs from the table's stream exactly once, read the numbers, and recount them.

`fold.py` computes the numbers without effects; `adapters/dynamo/counting/counters.py` stores the rows.
"""
