"""Make one job of several requests: unique by values of the payload, or debounced by a key."""
