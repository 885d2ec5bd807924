"""Define the permissions of each function: grants, the roles from them, and the recording of requests.

The functions themselves are in `lambdas`.
"""
