"""Let an assistant read jobs over the Model Context Protocol, and change them only if allowed.

The API requests of the tools are in `client`.
"""
