"""Turn a request into an answer, the same for every endpoint: declaring, checking roles, reading, serving, errors.

The work of an endpoint is not decided here.
"""
