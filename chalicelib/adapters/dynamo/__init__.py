"""The ports on DynamoDB. The only place that imports pynamodb.

What is decided about a job is in `jobs/`; nothing here decides.
"""
