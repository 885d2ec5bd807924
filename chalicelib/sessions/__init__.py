"""Let people sign in with their identity provider (OpenID Connect), and keep their sessions.

`rule.py` decides what an ID token must say, `id_token.py` verifies its signature, `keys.py` fetches the issuer's keys.
"""
