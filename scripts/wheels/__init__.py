"""Build the wheels of the client and of the platform, and test README's instructions for your own repository.

`infra/cloud/package` builds the package for AWS.
"""
