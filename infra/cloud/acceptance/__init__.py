"""Check in a real account what neither the emulators nor the template can show: one promise after the other.

Each check uses a stage that was made for it, and that is destroyed afterwards.
"""
