"""Serve the HTTPS API. Each kind of resource has a package; `routes` adds the endpoints of all packages to the app.

Only app.py and this package import Chalice.

The API only converts requests and answers. The packages of the capabilities, such as `producing/`, `operating/` and
`counters/`, do the work of a request.
"""
