"""Process one SQS batch of one job type: claim, run, settle, and decide what to do with each message.

Later repairs are in `watchdog/`, changes of state in `jobs/transitions.py`.
"""
