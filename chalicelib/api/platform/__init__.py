"""Serve the platform itself: job types, schedules, limits, health, the API's own description.

The jobs are in `jobs`.
"""
