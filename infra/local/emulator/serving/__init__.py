"""Serve moto over HTTP on one event loop: the server, long polls, the control calls, the services that are on.

Nothing of moto is replaced here; that is in `repairs`.
"""
