"""Serve an AWS account on the loopback address: moto, without its races and slow parts; or ministack."""
