"""Replace AWS Lambda on a laptop: real runtime processes, event source mappings, schedules and logs.

The API has its own process, in `api`.
"""
