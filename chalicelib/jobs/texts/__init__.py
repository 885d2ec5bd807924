"""Cut, name and search the texts of jobs: errors and payloads.

This package contains neither the definition of a job nor its changes.
"""
