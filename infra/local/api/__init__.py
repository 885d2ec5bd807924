"""Serve the API on a laptop: Chalice's local server with API Gateway's answers, in a replaceable process.

The emulator and the functions have their own folders.
"""
