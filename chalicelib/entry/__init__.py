"""The Lambda entry points of the platform: the stream, the watchdog, the recount.

Each takes parts of the assembly and calls what does the work. Those of job types are in `handlers/`.
"""
