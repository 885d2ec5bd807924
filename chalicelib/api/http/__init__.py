"""Convert a request to an answer, in the same way for every endpoint: declarations, roles, bodies, errors.

What an endpoint does is not part of this package.
"""
