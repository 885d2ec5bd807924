"""Compute the cost of a stack: prices, the calculation, and the bill as text. Pure.

How many requests a job needs is measured by tests, not here.
"""
