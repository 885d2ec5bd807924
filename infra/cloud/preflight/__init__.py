"""What is looked at before anything changes: the account, its quotas, names in use, production's parameters.

Nothing here changes anything. `commands/check.py` puts it together for `make preflight` and `make deploy`.
"""
