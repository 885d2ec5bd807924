"""A worker of a type whose jobs make jobs of two others, one of them retired."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.producing.service import JobService
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.making.support import GONE, MAIL
from tests.chalicelib.worker.one_type import OneType


@pytest.fixture
def world() -> Iterator[OneType]:
    bench = OneType()
    bench.kind = replace(bench.kind, enqueues=("test.mail", "test.gone"))
    service = JobService(bench.store, bench.queue, clock=bench.clock)
    bench.worker = replace(bench.worker, kind=bench.kind, service=service)
    with only_types(bench.kind, MAIL, GONE):
        yield bench
