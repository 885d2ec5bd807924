"""Simulate how one job type grows on AWS's limits, and say which of them ends it first: `make scaling`.

AWS's numbers, with their pages, are in `limits.py`; nothing here calls AWS.
"""
