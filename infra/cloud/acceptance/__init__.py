"""Check in a real account what emulators and the template cannot show, one promise after the other.

Each check uses a stage that is created for it and destroyed afterwards.
"""
