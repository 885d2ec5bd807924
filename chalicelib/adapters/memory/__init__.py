"""The ports in memory, held to the same contract tests as DynamoDB and SQS.

For tests and quick experiments; nothing here runs in the cloud.
"""
