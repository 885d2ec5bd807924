"""Code of the built-in job types: e-mail, images, reports.

The job types themselves are in `handlers/`; import heavy libraries only inside the job function.
"""
