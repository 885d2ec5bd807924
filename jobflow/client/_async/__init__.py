"""Define the class of the client; the requests and rules are outside of this package."""
