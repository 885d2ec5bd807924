"""Declare a job type: its settings, their checks, the registry of types, payloads as they are stored. Pure."""
