"""Serve an AWS account on the loopback address: moto, without its races and slow parts; or ministack.

The replacements for Lambda's actions on queues, streams and schedules are in `lambdas`.
"""
