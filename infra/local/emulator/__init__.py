"""Serve an AWS account on the loopback address: moto, repaired, or ministack."""
