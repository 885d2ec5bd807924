"""Define what watches the stack: alarms, their topic, the CloudWatch dashboard, saved queries.

What is watched is in the other rooms.
"""
