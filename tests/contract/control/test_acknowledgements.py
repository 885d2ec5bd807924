"""Every promise of Acknowledgements, on memory and on DynamoDB."""

from chalicelib.adapters.dynamo.control.acknowledgements import DynamoAcknowledgements
from chalicelib.adapters.memory.counters import MemoryAcknowledgements
from chalicelib.counters.port import Acknowledged, Acknowledgements
from tests.contract.conftest import either
from tests.support import T0

marks = either(MemoryAcknowledgements, DynamoAcknowledgements)


def test_a_mark_tells_who_and_when_and_a_later_one_replaces_it(marks: Acknowledgements) -> None:
    assert marks.acknowledged() == {}
    marks.acknowledge("f1", "ada", T0)
    marks.acknowledge("f2", "ada", T0)
    marks.acknowledge("f1", "bob", T0 + 1.5)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 1.5), "f2": Acknowledged("ada", T0)}


def test_a_mark_is_taken_away_and_set_again(marks: Acknowledgements) -> None:
    marks.acknowledge("f1", "ada", T0)
    marks.reopen("f1", T0 + 1)
    marks.reopen("f2", T0 + 1)
    assert marks.acknowledged() == {}
    marks.acknowledge("f1", "bob", T0 + 2)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 2)}


def test_a_mark_may_say_that_the_error_is_resolved(marks: Acknowledgements) -> None:
    marks.acknowledge("f1", "ada", T0, resolved=True)
    assert marks.acknowledged() == {"f1": Acknowledged("ada", T0, resolved=True)}
    marks.acknowledge("f1", "bob", T0 + 1)
    assert marks.acknowledged() == {"f1": Acknowledged("bob", T0 + 1)}
