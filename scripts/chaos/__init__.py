"""A soak of the real local stack under kills, faults on the wire, duplicates and outages: `make chaos`."""
