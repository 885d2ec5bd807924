"""The use cases over schedules: what operators do to them, what the code declares, and the jobs of their firings.

When a schedule fires is decided in `jobs/schedules`; storing one is the adapters' work.
"""
