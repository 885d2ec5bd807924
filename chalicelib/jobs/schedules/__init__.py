"""Schedules: cron texts, when they fire, and which firings are due. Pure.

Storing them is the adapters' work, making the jobs the watchdog's.
"""
