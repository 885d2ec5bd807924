# Generated from jobflow/client/_async/__init__.py by `make openapi`: do not edit.
"""The class of the client; every request and rule is beside this package."""
