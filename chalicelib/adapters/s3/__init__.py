"""Objects in S3: large payloads and results, files of jobs, and upload forms.

Which job may read which file is the type's grants (`infra/definition/iam/permissions.py`), not decided here.
"""
