"""Test every store of views: what is saved, replaced and deleted."""

from dataclasses import replace

from chalicelib.views.dynamo import DynamoViews
from chalicelib.views.memory import MemoryViews
from chalicelib.views.port import View, Views
from tests.contract.conftest import either
from tests.support import T0

views = either(MemoryViews, DynamoViews)
FAILED = View("Failed ä", "?status=failed", "ada", T0)


def test_a_view_comes_back_and_a_later_one_of_its_name_replaces_it(views: Views) -> None:
    assert list(views.all()) == []
    views.save(FAILED)
    views.save(everything := View("All", "", "ada", T0))
    views.save(later := replace(FAILED, search="?status=failed&range=1h", by="bob", at=T0 + 1.5))
    assert sorted(views.all(), key=lambda view: view.name) == [everything, later]


def test_a_view_is_added_only_if_its_name_is_free_and_a_lost_reply_is_no_error(views: Views) -> None:
    assert views.add(FAILED)
    assert views.add(FAILED), "the reply to the first time was lost"
    assert not views.add(replace(FAILED, by="bob"))
    assert list(views.all()) == [FAILED]
    assert views.delete(FAILED)
    assert views.delete(FAILED), "the reply to the first time was lost"
    assert views.add(later := replace(FAILED, by="bob"))
    assert list(views.all()) == [later]


def test_a_view_replaces_only_the_one_that_is_known_and_a_lost_reply_is_no_error(views: Views) -> None:
    views.save(FAILED)
    mine = replace(FAILED, by="bob", at=T0 + 1.25)
    assert views.replace(FAILED, mine)
    assert views.replace(FAILED, mine), "the reply to the first time was lost"
    assert not views.replace(FAILED, replace(FAILED, by="eve", at=T0 + 2))
    assert list(views.all()) == [mine]
    assert not views.delete(FAILED), "bob has saved it since"
    assert views.delete(mine)
    assert not views.replace(mine, FAILED), "a deleted view is not brought back"
    assert list(views.all()) == []


def test_a_deleted_view_is_gone_and_can_be_saved_again(views: Views) -> None:
    views.save(FAILED)
    assert views.delete(FAILED)
    assert views.delete(replace(FAILED, name="unknown"))
    assert list(views.all()) == []
    views.save(FAILED)
    assert list(views.all()) == [FAILED]
