"""One stack: CloudFormation itself, its parameters, and the buckets beside it.

What an operator calls is in `commands`.
"""
