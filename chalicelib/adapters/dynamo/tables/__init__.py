"""Define what the adapters share: the schema of the two tables, binding to names, attribute types, sizes, refusals.

This package describes no items of the two tables.
"""
