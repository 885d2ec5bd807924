"""Define a job, its states and legal moves, job types, and the ports: pure decisions and plain values.

There is no AWS client, clock or environment here; code with effects is in other packages.
"""
