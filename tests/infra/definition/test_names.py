"""Names: one stage's are never the beginning of another's, and all of them fit."""

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.limits import LONGEST_NAME
from infra.definition.names import bucket_name, prefix_of, stack_name, stage_of

LONGEST_STAGE = 14 * "s"


@pytest.mark.parametrize("stage", ["dev", "prod", "ada2", LONGEST_STAGE])
def test_stage_and_stack_name_each_other(stage: str) -> None:
    assert stage_of(stack_name(stage)) == stage


@pytest.mark.parametrize("prefix", ["acme", "a", "x234567"])
def test_names_begin_with_a_prefix_of_ones_own(prefix: str) -> None:
    stack = stack_name("prod", {"JOBFLOW_PREFIX": prefix})
    assert (stack, prefix_of(stack), stage_of(stack)) == (f"{prefix}-prod", prefix, "prod")
    assert len(prefix) <= len(prefix_of(stack_name("prod", {})))


@pytest.mark.parametrize("prefix", ["acme-jobs", "Acme", "1a", "x2345678", "a_b"])
def test_other_prefixes_are_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="JOBFLOW_PREFIX"):
        stack_name("prod", {"JOBFLOW_PREFIX": prefix})


@pytest.mark.parametrize("stage", ["", "prod-eu", "Prod", "2", "a_b", LONGEST_STAGE + "s", "prod\n"])
def test_other_stages_are_refused(stage: str) -> None:
    with pytest.raises(ConfigurationError, match="no stage"):
        stack_name(stage)


def test_longest_names_fit() -> None:
    stack = stack_name(LONGEST_STAGE)
    assert len(f"{stack}-{LONGEST_NAME * 'x'}") <= 64
    assert len(bucket_name(stack, "artifacts", "123456789012", "ap-northeast-1")) <= 63
