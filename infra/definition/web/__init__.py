"""Define the public parts: the API behind API Gateway, its access log, the dashboard's site.

No function is defined here.
"""
