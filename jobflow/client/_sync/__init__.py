# Generated from jobflow/client/_async/__init__.py by `make openapi`: do not edit.
"""Define the class of the client; the requests and rules are outside of this package."""
