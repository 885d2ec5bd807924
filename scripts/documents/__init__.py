"""Write what is made from the code: models of the client, docs/llms.txt, the drawing of the moves, roles, the tour.

`scripts/openapi.py` is the command that writes the API's document with all that follows from it.
"""
