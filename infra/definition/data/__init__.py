"""Define what holds data: tables, queues, buckets.

Who may use them is in `iam`.
"""
