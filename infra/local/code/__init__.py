"""Read what the code on disk declares, and follow its edits."""
