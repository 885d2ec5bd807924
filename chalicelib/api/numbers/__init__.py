"""Serve numbers: current metrics, series over time, error groups.

Single jobs are in `jobs`.
"""
