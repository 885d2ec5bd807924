"""Declare a job type: its settings, their checks, the registry of types, and stored payloads. Pure."""
