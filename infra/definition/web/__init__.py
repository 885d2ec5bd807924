"""Define what the outside reaches: the API behind API Gateway, its access log, the dashboard's site.

No function is defined here.
"""
