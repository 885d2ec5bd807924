"""Simulate a growing job type within AWS's limits, and report which limit it reaches first: `make scaling`.

AWS's numbers, with their pages, are in `limits.py`; nothing here calls AWS.
"""
