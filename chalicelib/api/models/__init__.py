"""Declare the parts of requests and answers: fields, bodies, queries, answers, and jobs turned into them. Pure.

No endpoint lives here, and nothing of HTTP.
"""
