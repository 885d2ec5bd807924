"""Contain the built-in job types that jobflow.toml of a separate repository names: they are copied here to run.

Empty in this repository, whose built-in types are in `handlers/`.
"""
