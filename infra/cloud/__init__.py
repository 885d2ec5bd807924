"""Manage stages in the cloud: packaging, changing a stack, operators' commands, the cost.

The contents of a stack are in `infra/definition`.
"""
