"""Generate files from the code: models of the client, docs/llms.txt, the diagram of the moves, roles, the tour.

`scripts/openapi.py` writes the API's document and everything that depends on it.
"""
