"""The use cases of producers and operators: submit, read, retry, cancel, in bulk, pause, explain a wait.

Knows ports and job types; nothing of HTTP (`api/`) or of AWS (`adapters/`).
"""
