"""Declare a job type: its options, their checks, the registry of types, payloads as they are stored. Pure.

What becomes of a job is beside this package.
"""
