"""DynamoDB results, turned into plain values by whoever writes them out, and once."""

from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.models.utilities import dynamo_to_dict

from .patching import Replacements


class UnconvertedResult(ActionResult):  # type: ignore[misc]  # moto is not typed for mypy here
    """A result that still holds moto's own values."""

    def execute_result(self, context: Any) -> Any:
        """Write the result out by moto's own serialiser, which knows only plain values."""
        return ActionResult(dynamo_to_dict(self.result)).execute_result(context)


def repair(replacements: Replacements) -> None:
    """moto first copies every result into plain values, and then walks through the copy to write it out."""
    replacements.put(responses, "DynamoResult", UnconvertedResult)
