"""Cut, name and search the texts of jobs: errors and payloads.

The definition of a job and its changes are outside of this package.
"""
