"""Stand in for AWS Lambda on a laptop: real runtime processes, event source mappings, schedules and logs.

The API has a process of its own, in `api`.
"""
