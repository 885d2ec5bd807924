"""Check that every shipped regular expression takes linear time.

The engine is recheck, an npm package with its own lock file.
"""
