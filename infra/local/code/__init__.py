"""Read what the code on disk declares, report its edits, and tell which modules it may import.

Not here: running it.
"""
