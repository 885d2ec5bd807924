"""Store jobs on the jobs table: items, conditional writes, lists.

The code that counts jobs is in `counting`.
"""
