"""Manage one stack: CloudFormation, its parameters, and the buckets outside of it.

The operators' commands are in `commands`.
"""
