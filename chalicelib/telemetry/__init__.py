"""Write log lines and metrics: one function per event, in one vocabulary.

This package decides nothing, and never writes a payload, token or address.
"""
