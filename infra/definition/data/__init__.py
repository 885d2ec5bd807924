"""Define the resources with data: tables, queues, buckets.

Permissions to use them are in `iam`.
"""
