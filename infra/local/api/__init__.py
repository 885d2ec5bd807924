"""Serve the API on a laptop: Chalice's local server made to answer as API Gateway, as a process that can be replaced.

Not here: the emulator and the functions, which have folders of their own.
"""
