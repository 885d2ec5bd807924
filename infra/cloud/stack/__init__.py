"""One stack: CloudFormation itself, its parameters, and the buckets beside it; nothing here is a command."""
