"""Declare the parts of requests and answers: fields, bodies, queries, answers, and the conversion of jobs to answers.

Pure.

This package contains no endpoints, and nothing about HTTP.
"""
