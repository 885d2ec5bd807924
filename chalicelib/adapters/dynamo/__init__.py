"""Implement the ports on DynamoDB. No other package imports pynamodb.

All decisions about a job are in `jobs/`, none here.
"""
