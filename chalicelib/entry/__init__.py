"""The Lambda entry points of the platform: the stream, the watchdog, the recount.

Assembly only: each reads the wiring and calls the room that does the work. Those of job types are in `handlers/`.
"""
