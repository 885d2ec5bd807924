"""Read secrets from Secrets Manager and the Parameter Store with Powertools, which caches them."""

from concurrent.futures import Future
from threading import Lock

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider

from chalicelib.adapters.aws import briefly, client
from chalicelib.adapters.constants import SECRET_CACHED
from chalicelib.job_types.access import SecretPlace
from chalicelib.settings import Settings


class AwsSecretStore:
    """Read secrets of the stage's region. If several threads need a secret at once, one of them reads it for all."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = SecretsProvider(boto3_client=client("secretsmanager", settings.region))
        self._parameters = SSMProvider(boto3_client=client("ssm", settings.region))
        self._lock, self._reading = Lock(), dict[SecretPlace, Future[str]]()

    def read(self, place: SecretPlace) -> str:
        """Return the secret's text; see the port."""
        with self._lock:
            others = self._reading.get(place)
            own = Future[str]()
            if others is None:
                self._reading[place] = own
        if others is not None:
            return others.result()
        try:
            own.set_result(self._read(place))
        except BaseException as error:
            own.set_exception(error)
        with self._lock:
            del self._reading[place]
        return own.result()

    def _read(self, place: SecretPlace) -> str:
        if place.service == "ssm":
            found = self._parameters.get(place.name, max_age=SECRET_CACHED, decrypt=True)
        else:
            found = self._secrets.get(place.name, max_age=SECRET_CACHED)
        return found.decode() if isinstance(found, bytes) else str(found)


def read_briefly(settings: Settings, name: str) -> str:
    """Return the present text of a secret in Secrets Manager, in about a second; raises an error of AWS."""
    found: str = briefly("secretsmanager", settings.region).get_secret_value(SecretId=name)["SecretString"]
    return found
