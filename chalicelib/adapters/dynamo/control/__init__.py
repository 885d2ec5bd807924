"""Store rows of the control table: tokens, rates, quotas, turns, schedules, bulk actions, acknowledgements.

Counter rows are on the same table, but their code is in `counting`.
"""
