"""Check that no regular expression of what ships takes more than linear time.

The engine that judges the patterns is recheck, an npm package of its own lock file.
"""
