"""A repository of a user's own: make it, find it, and put it together with the platform to run it."""
