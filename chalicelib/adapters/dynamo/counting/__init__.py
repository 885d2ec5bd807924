"""Count jobs: counter rows, records of the stream, and the reads of a recount.

The code that writes jobs is in `jobs`.
"""
