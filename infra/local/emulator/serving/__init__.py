"""Serve moto over HTTP on one event loop: the server, long polls, the control calls, the enabled services.

Nothing of moto is replaced here; see `repairs`.
"""
