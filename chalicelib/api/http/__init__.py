"""Convert a request to an answer, in the same way for every endpoint: declarations, roles, bodies, errors.

This package contains no endpoint.
"""
