"""Keep the secrets of webhooks in Secrets Manager: one secret for each webhook, as a JSON list, the newest first."""

import json
import time
from collections.abc import Sequence

from chalicelib.adapters.aws import client
from chalicelib.settings import Settings
from chalicelib.webhooks.constants import SECRET_READ_AGAIN
from chalicelib.webhooks.signature import Secret


class AwsWebhookSecrets:
    """See WebhookSecrets. A secret has the tags of the stage, by which `destroy` finds it."""

    def __init__(self, settings: Settings) -> None:
        self._stack = settings.jobs_table.removesuffix("-jobs")
        project = self._stack.removesuffix(f"-{settings.stage}")
        self._tags = [{"Key": "project", "Value": project}, {"Key": "stage", "Value": settings.stage}]
        self._client = client("secretsmanager", settings.region)
        self._missing = self._client.exceptions.ResourceNotFoundException
        self._read: dict[str, tuple[float, float, Sequence[Secret]]] = {}

    def put(self, registration: str, kept: Sequence[Secret]) -> None:
        """See WebhookSecrets."""
        name, text = self._name(registration), json.dumps([[one.text, one.until] for one in kept])
        try:
            self._client.put_secret_value(SecretId=name, SecretString=text)
        except self._missing:
            told = "JobFlow: signs the messages of a webhook"
            self._client.create_secret(Name=name, SecretString=text, Description=told, Tags=self._tags)
        self._read.pop(registration, None)

    def get(self, registration: str) -> Sequence[Secret]:
        """See WebhookSecrets."""
        try:
            answer = self._client.get_secret_value(SecretId=self._name(registration))
        except self._missing:
            return ()
        return [Secret(text, until) for text, until in json.loads(answer["SecretString"])]

    def recent(self, registration: str, rotated_at: float) -> Sequence[Secret]:
        """See WebhookSecrets."""
        at, of, kept = self._read.get(registration, (float("-inf"), rotated_at, ()))
        if time.monotonic() - at > SECRET_READ_AGAIN or of != rotated_at or not kept:
            kept = self.get(registration)
            self._read[registration] = time.monotonic(), rotated_at, kept
        return kept

    def delete(self, registration: str) -> None:
        """See WebhookSecrets."""
        try:
            self._client.delete_secret(SecretId=self._name(registration), ForceDeleteWithoutRecovery=True)
        except self._missing:
            return

    def _name(self, registration: str) -> str:
        return f"{self._stack}/webhooks/{registration}"
