"""Store one job for several requests: unique by values of the payload, or debounced by a key."""
