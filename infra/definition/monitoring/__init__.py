"""Define the monitoring of the stack: alarms, their topic, the CloudWatch dashboard, saved queries.

The resources that are monitored are in the other packages.
"""
