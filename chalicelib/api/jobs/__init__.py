"""Serve jobs: single jobs, pages, many at once, their logs, and the files that they read.

Counts of jobs are in `numbers`.
"""
