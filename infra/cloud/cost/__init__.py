"""The cost of a stack: prices, the calculation, and the bill as text. Pure.

The number of requests that a job takes is measured by tests, not here.
"""
