"""Define a job, its states and legal moves, job types, and the ports: pure decisions and plain values.

This package uses no AWS client, clock or environment; code with effects is in other packages.
"""
