"""Test what is read from DynamoDB's errors, also from those of a connection."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import UpdateError

from chalicelib.adapters.dynamo.tables.answers import code_of, message_of, refused, written
from chalicelib.bulk.request import name_of

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "Slow down"}}, "UpdateItem")


def test_the_code_and_message_of_an_answer_are_read() -> None:
    answer = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}}
    error = UpdateError(cause=ClientError(answer, "UpdateItem"))  # type: ignore[arg-type]
    assert refused(error)
    assert (code_of(error), message_of(error)) == (answer["Error"]["Code"], answer["Error"]["Message"])
    assert name_of(error) == "ConditionalCheckFailedException"


@pytest.mark.parametrize("cause", [ConnectionClosedError, EndpointConnectionError, ReadTimeoutError])
def test_a_lost_connection_is_no_answer(cause: type[ConnectionClosedError]) -> None:
    error = UpdateError(cause=cause(endpoint_url="https://dynamodb.example"))
    assert not refused(error)
    assert (code_of(error), message_of(error)) == ("", "")
    assert name_of(error) == "UpdateError"


@pytest.mark.parametrize("cause", [ConnectionClosedError(endpoint_url="https://dynamodb.example"), THROTTLED])
def test_only_a_refused_condition_is_no_error_of_a_write(cause: Exception) -> None:
    def write() -> None:
        raise UpdateError(cause=cause)

    with pytest.raises(UpdateError):
        written(write)
