"""Manage stages in the cloud: package the code, change a stack, run operators' commands, compute the cost.

`infra/definition` defines the contents of a stack.
"""
