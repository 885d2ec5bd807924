"""The ports on AWS and in memory: the only rooms that know an AWS client.

An adapter tests and applies what `jobs/` has decided; it decides nothing itself.
"""
