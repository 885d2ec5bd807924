"""Follow edits of the code on disk while the platform runs."""
