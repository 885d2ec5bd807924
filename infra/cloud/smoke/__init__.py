"""Test a stage after its deployment: each function answers, a job reaches its end, and it is counted.

`commands/rollback_on_failure.py` decides what to do with a failed deployment.
"""
