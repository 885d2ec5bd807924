"""Declare a job type: its settings, their checks, the types by name, payloads as they are stored. Pure.

What becomes of a job is beside this package.
"""
