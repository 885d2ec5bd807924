"""The variables of `make deploy` become options of the command."""

import pytest

from tests.infra.cloud.pages.documented import expanded, parsed


@pytest.mark.parametrize("variables", ["", "NO_ROLLBACK=1 NO_SMOKE=1 NO_DASHBOARD=1"])
def test_each_is_an_option(variables: str) -> None:
    (line,) = expanded(f"make deploy STAGE=prod {variables}")
    options = parsed(line)
    assert [options.no_rollback, options.no_smoke, options.no_dashboard] == [bool(variables)] * 3
