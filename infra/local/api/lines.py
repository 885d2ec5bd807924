"""Define the lines with which an API process reports its state.

They are in a separate file, because the runner imports them and must not load Chalice.
"""

import json

READY = json.dumps({"jobflow": "the API is ready"})
LEFT = json.dumps({"jobflow": "the API accepts nothing more"})
