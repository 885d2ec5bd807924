"""Declare the parts of requests and answers: fields, bodies, queries, answers, and the conversion of jobs to answers.

Pure.

No endpoint and nothing of HTTP is here.
"""
