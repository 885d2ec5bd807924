"""Decide who may call the API, and how often: tokens, roles, rate limits.

`api/http/auth.py` reads the token of a request; `adapters/` stores the rows.
"""
