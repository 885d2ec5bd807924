"""Assemble the API's Lambda function, whose handler is `handler`; `chalice local` serves `app`."""

from chalice import Chalice

from chalicelib.api import routes
from chalicelib.job_types import jobtype
from chalicelib.telemetry.logger import logger

app = Chalice(app_name="jobflow", configure_logs=False)
app.log = logger()
jobtype.load()
handler = routes.register(app)
