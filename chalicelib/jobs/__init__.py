"""Define a job, its states and legal moves, and the ports of its stores: pure decisions and plain values.

This package uses no AWS client, clock or environment; code with effects is in other packages.
"""
