"""Manage stages in the cloud: package the code, change a stack, run operators' commands, compute the cost.

The contents of a stack are in `infra/definition`.
"""
