"""The HTTPS API, a package for each kind of resource, put together in `routes`. Beside app.py it alone knows Chalice.

What a request asks for is done in `service/`, `counters/` and `access/`.
"""
