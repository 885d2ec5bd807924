"""Lines by which a process of the API tells its runner how it stands: apart, so that the runner loads no Chalice."""

import json

READY = json.dumps({"jobflow": "the API is ready"})
LEFT = json.dumps({"jobflow": "the API accepts nothing more"})
