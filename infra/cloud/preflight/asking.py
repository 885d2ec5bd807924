"""Send read-only requests to the account. A refused request becomes a finding, not an error."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.cloud.account import Account


class Asking:
    """One round of requests. `refused` contains, by subject, why a request was refused."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.refused: dict[str, str] = {}

    def ask(self, about: str, service: str, operation: str, **more: Any) -> dict[str, Any] | None:
        """Return the answer; None if the request is refused."""
        try:
            answer: dict[str, Any] = getattr(self._account.client(service), operation)(**more)
        except ClientError as error:
            self.refused[about] = error.response["Error"]["Code"]
            return None
        except BotoCoreError as error:
            self.refused[about] = str(error)
            return None
        return answer

    def pages(self, about: str, service: str, operation: str, key: str, **more: Any) -> list[Any] | None:
        """Return the entries of all pages; None if the request is refused."""
        try:
            found = self._account.client(service).get_paginator(operation).paginate(**more)
            return [entry for page in found for entry in page[key]]
        except ClientError as error:
            self.refused[about] = error.response["Error"]["Code"]
        except BotoCoreError as error:
            self.refused[about] = str(error)
        return None
