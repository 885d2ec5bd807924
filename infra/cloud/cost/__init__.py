"""Compute the cost of a stack: prices, the calculation, and the bill as text. Pure.

Tests, not this package, measure the number of requests of a job.
"""
