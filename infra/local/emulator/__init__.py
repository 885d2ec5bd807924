"""Serve an AWS account on the loopback address: moto with its races and slow parts repaired, or ministack.

Functions that run for queues, streams and schedules are in `lambdas`.
"""
