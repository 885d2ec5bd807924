"""Run a job type as the platform does, over memory ports and an in-process AWS."""

from chalicelib.adapters.s3 import files
from chalicelib.adapters.s3.files import Files
from chalicelib.assembly import parts
from chalicelib.settings import Settings
from jobflow import testing

BUCKET = "jobflow-test-files"
SENDER = "jobs@example.com"


class Platform(testing.Platform):
    """A platform with every job type of this repository."""

    @property
    def files(self) -> Files:
        """The files bucket of the in-process AWS."""
        return files.files(parts.settings)


def settings(**env: str) -> Settings:
    """Settings of the tests' stack."""
    return Settings.from_env({"FILES_BUCKET": BUCKET, "MAIL_FROM": SENDER, "AWS_REGION": "us-east-1", **env})
