"""Measure: the client, the emulator, an operator's requests, two checkouts, the CPU of a request, the peers.

The load test itself is `scripts/load_test.py`: a checkout of any age has it there, so that two can be compared.
"""
