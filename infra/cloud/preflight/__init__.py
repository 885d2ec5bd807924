"""Check the account, its quotas, used names, and the parameters of production before anything changes.

Nothing here changes anything. `commands/check.py` combines the checks for `make preflight` and `make deploy`.
"""
