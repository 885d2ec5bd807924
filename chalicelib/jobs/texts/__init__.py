"""Cut, name and search what jobs say: errors and payloads.

What a job is, and how it changes, is beside this package.
"""
