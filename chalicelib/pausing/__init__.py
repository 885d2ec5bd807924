"""Stop and start a job type: by an operator, or by itself while its attempts all fail."""
