"""Test a stage after its deployment: each function answers, a job completes, and the counters count it.

`commands/rollback_on_failure.py` decides what to do with a failed deployment.
"""
