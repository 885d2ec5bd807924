"""Endpoints about numbers: metrics of now, series over time, groups of errors.

Single jobs are in `jobs`.
"""
