"""The store of jobs on the jobs table: items, conditional writes, lists.

What counts jobs is in `counting`.
"""
