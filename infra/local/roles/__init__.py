"""Enforce the roles of functions on a laptop: as in the cloud, a request that the role does not allow is refused.

This package finds a request's action, checks the role's statements, and makes the refusal. The emulator is elsewhere.
"""
