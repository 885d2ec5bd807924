"""Count the jobs themselves, compare with the counters, and put these right, over as many invocations as it takes.

Counting as jobs change is in `stream`.
"""
