"""Serve the API on a laptop, in a process that can be replaced: Chalice's local server, with API Gateway's answers.

The emulator and the functions have their own folders.
"""
