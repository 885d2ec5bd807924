"""Read secrets from Secrets Manager and the Parameter Store with Powertools, which caches them."""

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider

from chalicelib.adapters.aws import client
from chalicelib.adapters.constants import SECRET_CACHED
from chalicelib.job_types.access import SecretPlace
from chalicelib.settings import Settings


class AwsSecretStore:
    """Read secrets of the stage's region."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = SecretsProvider(boto3_client=client("secretsmanager", settings.region))
        self._parameters = SSMProvider(boto3_client=client("ssm", settings.region))

    def read(self, place: SecretPlace) -> str:
        """Return the secret's text; see the port."""
        if place.service == "ssm":
            found = self._parameters.get(place.name, max_age=SECRET_CACHED, decrypt=True)
        else:
            found = self._secrets.get(place.name, max_age=SECRET_CACHED)
        return found.decode() if isinstance(found, bytes) else str(found)
