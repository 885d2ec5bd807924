"""Write log lines and metrics: one function per event, in one vocabulary.

Nothing here decides anything, and no payload, token or address is ever written.
"""
