"""Back up a stage's tables, and copy missing rows from a restored table to the live one.

Deployments and rollbacks do not change the contents of tables, so their code is not in this package.
"""
