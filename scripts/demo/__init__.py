"""Show what the platform does, against a running `make dev` (`make demo`). Exit with 1 if a result is not as expected.

Reads the API's address and a token from `.jobflow/dev.json` (JOBFLOW_STATE_DIR names another folder).
"""
