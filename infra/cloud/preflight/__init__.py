"""Look, before anything changes, at the account, its quotas, names in use, and the parameters of production.

Nothing here changes anything. `commands/check.py` puts it together for `make preflight` and `make deploy`.
"""
