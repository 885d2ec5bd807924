"""The ports on DynamoDB. The only place that imports pynamodb."""
