"""Name the additional cost of a limit (`AtMost`). Tests count it."""

FREE_UNITS = 2
"""Write units of a job with a limit: 1 to take its place, 1 to leave it."""
WAIT_UNITS = 12
"""Write units of a wait for a place, in addition to FREE_UNITS: 1 for the refused write, 3 to block the job, 1 for its
row in the line, 1 for the mark that jobs wait, 3 to wake the job, 1 for the mark that its message was sent, 1 to remove
the row, and 1 for the second claim. The first job that waits takes 1 more."""
