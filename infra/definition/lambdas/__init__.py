"""Define the Lambda functions other than the API: their environment, triggers and resources.

Chalice makes the API's function; `web` completes it.
"""
