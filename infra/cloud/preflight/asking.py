"""Ask the account questions; a request that is refused becomes a finding and no error."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.cloud.account import Account


class Asking:
    """One round of questions. `refused` says, by what a question was about, why it was not answered."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.refused: dict[str, str] = {}

    def ask(self, about: str, service: str, operation: str, **more: Any) -> dict[str, Any] | None:
        """Return the answer; None when there is none."""
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
        """Return the entries of all pages; None when the question is refused."""
        try:
            found = self._account.client(service).get_paginator(operation).paginate(**more)
            return [entry for page in found for entry in page[key]]
        except ClientError as error:
            self.refused[about] = error.response["Error"]["Code"]
        except BotoCoreError as error:
            self.refused[about] = str(error)
        return None
