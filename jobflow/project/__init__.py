"""A repository of a user's own: make it, find it, and put it together with the platform to run it.

The commands that call it are in `cli/commands`.
"""
