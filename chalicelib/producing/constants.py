"""Define the numbers of creating jobs. Times in seconds, sizes in bytes."""

# For batch.py
TIME_TO_STORE = 2.0
"""Minimum seconds for storing the jobs whose messages were sent, even if the queue was slow."""

LISTED_AT_ONCE = 25
"""Maximum number of jobs that are added to the lists of their parents in one request: DynamoDB's limit."""

# For service.py
DEEPEST_OFFSET = 5000
