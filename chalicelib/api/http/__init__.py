"""From a request to its answer, the same for every endpoint: declaring, checking roles, reading, serving, errors.

What an endpoint does is not decided here.
"""
