"""Keep one job for several requests: unique by values of the payload, debounced by a key."""
