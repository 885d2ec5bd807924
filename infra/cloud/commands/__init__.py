"""The commands on a stage: deploy, look at, recount, destroy, and hand out tokens.

How a stack is changed is in `stack`, what is looked at first in `preflight`.
"""
