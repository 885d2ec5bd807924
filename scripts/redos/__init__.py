"""Check that no regular expression of what ships takes more than linear time."""
