"""Serve the API on a laptop, in a process that can be replaced."""
