"""Assemble the API's Lambda function; `chalice local` serves the same app."""

from chalice import Chalice

from chalicelib.api import routes
from chalicelib.job_types import jobtype
from chalicelib.telemetry.logger import logger

app = Chalice(app_name="jobflow", configure_logs=False)
app.log = logger()
jobtype.load()
authorize = routes.register(app)
