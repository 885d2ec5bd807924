"""Measure the CPU and the function calls of one unit of work, with an AWS that answers at once: `make bench-cpu`.

`make load` measures seconds and rates of the running platform.
"""
