"""Contain the code of the built-in job types: e-mail, images, reports.

The job types themselves are in `handlers/`. Import heavy libraries only inside the job function.
"""
