"""Check that a worker's role names each attribute of the rows that only workers write: AWS refuses any other."""

import pytest
from pynamodb.models import Model

from chalicelib.adapters.dynamo.jobs.holders import KeyLockRow
from chalicelib.adapters.dynamo.jobs.rows import AttemptRow, BodyRow, StepRow
from infra.definition.iam.written import ATTEMPTS, BODIES, KEYS, MAIN, STEPS


@pytest.mark.parametrize(
    ("row", "listed"), [(AttemptRow, ATTEMPTS), (BodyRow, BODIES), (StepRow, STEPS), (KeyLockRow, KEYS)]
)
def test_the_role_of_a_worker_names_what_its_rows_contain(row: type[Model], listed: frozenset[str]) -> None:
    assert {attribute.attr_name for attribute in row.get_attributes().values()} - MAIN == listed
