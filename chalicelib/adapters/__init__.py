"""Implement the ports on AWS and in memory. No other package uses an AWS client.

An adapter checks and applies the decisions of `jobs/`; it makes no decisions.
"""
