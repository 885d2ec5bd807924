"""Measure: the client, the CPU of a request, the peers."""
