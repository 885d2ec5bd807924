"""The Lambda functions besides the API: what they are, their environment, triggers and resources.

The API's function is Chalice's, completed in `web`.
"""
