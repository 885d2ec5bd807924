"""Decide who may call the API, and how often: tokens, roles, rate limits.

How a request carries a token is `api/http/auth.py`; how rows are stored is `adapters/`.
"""
