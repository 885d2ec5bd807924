"""Endpoints about the platform itself: job types, schedules, limits, health, the API's own description.

Jobs themselves are in `jobs`.
"""
