"""Run the real local stack with kills, network faults, duplicates and outages: `make chaos`.

Crash points and simulated months are in `tests/proof`.
"""
