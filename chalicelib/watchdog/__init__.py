"""Repair what a crash or an outage left: jobs without a message, and messages in dead-letter queues.

The decisions are pure (`rule.py`); the scheduled Lambda function is in `entry/watchdog.py`.
"""
