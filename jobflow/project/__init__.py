"""Manage a user's own repository: create it, find it, and combine it with the platform to run it.

The commands that call this are in `cli/commands`.
"""
