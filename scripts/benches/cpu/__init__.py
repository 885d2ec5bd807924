"""Measure the CPU and the calls of one unit of work, over an AWS that answers at once: `make bench-cpu`.

Seconds and rates of the running platform are measured by `make load`.
"""
