"""Back up a stage's tables, and copy missing rows from a restored table to the live one.

Code that deploys and rolls back does not change the contents of tables; it is elsewhere.
"""
