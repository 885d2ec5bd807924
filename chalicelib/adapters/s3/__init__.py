"""Store objects in S3: large payloads and results, files of jobs, and upload forms.

The type's grants (`infra/definition/iam/permissions.py`) decide which job may read which file.
"""
