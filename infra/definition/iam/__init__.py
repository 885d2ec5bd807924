"""Say what each function may do: grants, the roles that they become, and the requests that prove them.

The functions themselves are in `lambdas`.
"""
