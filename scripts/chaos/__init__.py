"""Run the real local stack with kills, network faults, duplicates and outages: `make chaos`.

The tests with crash points and simulated months are in `tests/proof`.
"""
