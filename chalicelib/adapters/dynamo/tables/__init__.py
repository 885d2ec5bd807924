"""Define what the adapters share: the schema of the two tables, binding to names, attribute types, sizes, refusals.

No item of either table is described here.
"""
