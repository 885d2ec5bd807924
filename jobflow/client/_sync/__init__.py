# Generated from jobflow/client/_async/__init__.py by `make openapi`: do not edit.
"""Define the class of the client. The requests, and the rules for them, are outside of this package."""
