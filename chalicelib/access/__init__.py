"""Decide who may call the API, and how often: tokens, roles, rate limits.

How a request carries a token is `api/auth.py`; how rows are stored is `adapters/`.
"""
