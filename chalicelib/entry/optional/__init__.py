"""Contain the built-in job types that a stage has only if it wants them, because each costs something even when idle.

A separate repository names them in jobflow.toml. In this repository, copy the file into `handlers/`.
"""
