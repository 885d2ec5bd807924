"""Read what the code on disk declares, report edits of it, and list the modules that it may import.

The parts that run the code are elsewhere.
"""
