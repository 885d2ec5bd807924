"""Implement the ports in memory; the contract tests of DynamoDB and SQS check them too.

These adapters are for tests and quick experiments, and never run in the cloud.
"""
