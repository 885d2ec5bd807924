"""The two tables, and what every adapter on them shares: schema, binding to names, attribute types, sizes, refusals.

No item of either table is described here.
"""
