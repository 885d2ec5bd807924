"""Replace AWS Lambda on a laptop: real runtime processes, event source mappings, schedules and logs.

The API runs in a separate process: see `api`.
"""
