"""The class of the client; every request and rule is beside this package."""
