"""A type whose tenants take turns needs nothing else of the stack: fair queues are standard queues."""

from dataclasses import replace

from infra.definition.template import resources
from tests.chalicelib.api.support import NOTE


def test_the_stack_of_a_type_is_the_same_with_tenants_and_without() -> None:
    plain, fair = (resources([replace(NOTE, fair_by=field)], "jobflow-prod") for field in (None, "text"))
    assert fair == plain
    assert any(one.get("Type") == "AWS::SQS::Queue" for one in fair.values())
