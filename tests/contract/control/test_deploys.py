"""Every promise of Deploys, on memory and on DynamoDB."""

from chalicelib.counters.deploys import MOST
from chalicelib.counters.port import Deploy
from tests.contract.conftest import Rows
from tests.support import T0


def test_deployments_are_told_with_the_totals_oldest_first(rows: Rows) -> None:
    assert list(rows.standing().deploys) == []
    rows.deployed("v1", T0)
    rows.deployed("v2", T0 + 60.5)
    assert list(rows.standing().deploys) == [Deploy(T0, "v1"), Deploy(T0 + 60.5, "v2")]


def test_only_the_last_ones_are_kept_and_long_names_are_cut(rows: Rows) -> None:
    for number in range(MOST + 3):
        rows.deployed(f"{number:02}" + "x" * 200, T0 + number)
    told = rows.standing().deploys
    assert [one.version[:2] for one in told] == [f"{number:02}" for number in range(3, MOST + 3)]
    assert {len(one.version) for one in told} == {40}
