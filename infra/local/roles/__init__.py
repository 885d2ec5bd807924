"""Refuse on a laptop, as in the cloud, what the role of a function does not allow."""
