"""Back up a stage's tables, and copy missing rows from a restored table to the live one.

Deploying and rolling back do not change tables; they are not here.
"""
