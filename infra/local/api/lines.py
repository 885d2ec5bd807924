"""Define the lines by which an API process reports its state; separate, so that the runner loads no Chalice."""

import json

READY = json.dumps({"jobflow": "the API is ready"})
LEFT = json.dumps({"jobflow": "the API accepts nothing more"})
