"""The HTTPS API: one module a resource, put together in `routes`. The only code beside app.py that knows Chalice.

What a request asks for is done in `service/`, `counters/` and `access/`.
"""
