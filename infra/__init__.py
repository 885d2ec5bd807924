"""Describe the stack once (definition), deploy it to an AWS account (cloud), run it on a laptop (local).

The code that runs in the cloud is in `chalicelib` and `handlers`; nothing here ships with it.
"""
