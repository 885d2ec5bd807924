"""A small shop: Django's project and its one app."""
