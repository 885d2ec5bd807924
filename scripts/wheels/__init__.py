"""Build the wheels of the client and of the platform, and do with them what README says of a repository of one's own.

What ships to AWS is packed by `infra/cloud/package`.
"""
