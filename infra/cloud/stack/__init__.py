"""Manage one stack: CloudFormation, the stack's parameters, and the buckets outside of the stack.

The operators' commands are in `commands`.
"""
