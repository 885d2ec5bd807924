"""Let an assistant look at jobs, over the Model Context Protocol; steer them only where it is allowed to.

What each tool asks the API for is in `client`.
"""
