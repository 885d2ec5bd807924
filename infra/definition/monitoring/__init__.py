"""Define the monitoring of the stack: alarms, their topic, the CloudWatch dashboard, saved queries.

The monitored resources are in the other packages.
"""
