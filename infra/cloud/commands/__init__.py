"""Implement the commands on a stage: deploy, status, recount, destroy, tokens.

The code that changes a stack is in `stack`, the checks before it in `preflight`.
"""
