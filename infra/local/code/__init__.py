"""Read what the code on disk declares, report its edits, and list the modules that it may import.

The code that runs it is elsewhere.
"""
