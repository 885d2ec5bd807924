"""Measure the CPU and the function calls of one unit of work, with recorded answers of AWS: `make bench-cpu`.

`make load` measures seconds and rates of the running platform.
"""
