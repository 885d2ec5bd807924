"""Work off one SQS batch of one job type: claim, run, settle, and decide what becomes of each message.

What the watchdog repairs later is not here (`watchdog/`), nor what a change of state is (`jobs/transitions.py`).
"""
