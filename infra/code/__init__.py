"""Read what the code on disk declares, in processes of its own, for the laptop and for the checks."""
