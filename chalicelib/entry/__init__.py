"""Define the platform's Lambda entry points: the stream, the watchdog, the recount.

Each entry point takes parts of the assembly and calls the code that does the work. The entry points of job types are in
`handlers/`.
"""
