"""Describe the stack once (definition), deploy it to an AWS account (cloud), run it on a laptop (local)."""
