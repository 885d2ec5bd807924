"""Define the lines with which an API process reports its state.

They have their own file: the runner must not load Chalice.
"""

import json

READY = json.dumps({"jobflow": "the API is ready"})
LEFT = json.dumps({"jobflow": "the API accepts nothing more"})
