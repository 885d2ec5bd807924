"""Share the two tables among the adapters: schema, binding to names, attribute types, sizes, refusals.

No item of either table is described here.
"""
