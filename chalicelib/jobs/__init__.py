"""A job, its states and legal moves, job types, and the ports: pure decisions and plain values.

No AWS client, no clock and no environment here: what does something lives in the rooms above.
"""
