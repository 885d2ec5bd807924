"""Serve the HTTPS API, with a package for each kind of resource; `routes` assembles them.

Only app.py and this package import Chalice.

The packages of the capabilities, such as `producing/`, `operating/` and `counters/`, do the work of a request.
"""
