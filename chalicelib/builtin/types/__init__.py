"""Receive the built-in job types that jobflow.toml of a separate repository names, when that repository runs.

Empty in this repository, whose built-in types are in `handlers/`.
"""
