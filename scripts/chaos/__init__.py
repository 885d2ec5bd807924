"""Run the real local stack under kills, network faults, duplicates and outages: `make chaos`."""
