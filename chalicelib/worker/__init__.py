"""Process one SQS batch of one job type: claim, run, settle, and decide what to do with each message.

The code for later repairs is in `watchdog/`; the changes of state are in `jobs/transitions.py`.
"""
