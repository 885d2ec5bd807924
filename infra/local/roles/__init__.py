"""Enforce the roles of the functions on a laptop: a request that its role does not allow is refused, as in the cloud.

This package finds a request's action, checks the role's statements, and makes the refusal. The emulator is elsewhere.
"""
