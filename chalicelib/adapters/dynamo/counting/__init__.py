"""Count jobs: counter rows, the stream's records, and the reads of a recount.

Jobs are written in `jobs`.
"""
