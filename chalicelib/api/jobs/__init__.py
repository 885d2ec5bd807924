"""Serve jobs: single jobs, pages of jobs, many jobs at once, log lines of jobs, and files that jobs read.

Counts of jobs are in `numbers`.
"""
