"""The built-in job types that a repository of one's own has named in jobflow.toml; they are put here when it is run.

Empty in this repository, whose built-in types are in `handlers/`.
"""
