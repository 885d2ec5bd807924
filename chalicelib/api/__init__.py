"""Serve the HTTPS API, with a package for each kind of resource; `routes` assembles them.

Only app.py and this package import Chalice.

The work of a request is done in `service/`, `counters/` and `access/`.
"""
