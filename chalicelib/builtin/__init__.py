"""Send e-mail, change images, write reports: for the built-in job types.

The job types themselves are in `handlers/`; import heavy libraries only inside the job function.
"""
