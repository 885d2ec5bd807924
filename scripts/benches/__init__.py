"""Measure the client, the CPU of a request, and the peers (comparable systems)."""
