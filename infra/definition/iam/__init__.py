"""Define the permissions of each function: its grants, the role made from them, and the recording of its requests.

The functions themselves are in `lambdas`.
"""
