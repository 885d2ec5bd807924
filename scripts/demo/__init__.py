"""Show what the platform does, on a running `make dev` (`make demo`). Exit with 1 if a result is unexpected.

It reads the API's address and a token from `.jobflow/dev.json` (JOBFLOW_STATE_DIR names another folder).
"""
