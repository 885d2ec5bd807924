"""Serve an AWS account on the loopback address: moto, without its races and slow parts; or ministack.

What acts on queues, streams and schedules in place of Lambda is in `lambdas`.
"""
