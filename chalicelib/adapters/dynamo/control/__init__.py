"""Rows of the control table: tokens, rates, quotas, turns, schedules, bulk actions, acknowledgements.

Counter rows, although on the same table, are in `counting`.
"""
