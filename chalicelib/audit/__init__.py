"""Record who changed what, and count refused requests."""
