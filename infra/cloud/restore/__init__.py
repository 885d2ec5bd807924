"""Backups of a stage's tables, and the way back: what is missing is copied from a restored table into the live one.

Deploying and rolling back leave tables as they are; they are not here.
"""
