"""Define the class of the client. The requests, and the rules for them, are outside of this package."""
