"""Count the jobs themselves, compare them with the counters, and repair the counters, over several invocations.

The code that counts changes is in `counters/stream.py`.
"""
