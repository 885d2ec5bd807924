"""A job that another one makes: its id and its line, and which types may be named."""

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import JobType, check_enqueues, job
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.run_identity import run_name
from tests.chalicelib.api.support import Note, only_types
from tests.support import a_job


def test_an_id_tells_parent_run_type_and_key_apart() -> None:
    one = Lineage("p", "p:1", "p")
    assert one.child_id("a.b", "k") == Lineage("p", "p:1", "r").child_id("a.b", "k")
    ids = {
        one.child_id("a.b", "k"),
        one.child_id("a.b", "l"),
        one.child_id("a.c", "k"),
        Lineage("p", "p:2", "p").child_id("a.b", "k"),
        Lineage("q", "q:1", "p").child_id("a.b", "k"),
    }
    assert len(ids) == 5


def test_the_root_is_the_first_of_the_line() -> None:
    first = a_job()
    second = a_job(parent=first.id, root=Lineage.of(first).root)
    assert Lineage.of(second) == Lineage(second.id, run_name(second), first.id)


def test_a_type_that_no_file_declares_or_that_is_no_name_cannot_be_named() -> None:
    kind: JobType[Note, None] = JobType("a.a", lambda _payload, _ctx: None, Note, enqueues=("no.such",))
    with pytest.raises(ConfigurationError, match=r"a\.a: enqueues names no\.such, which no file declares"):
        check_enqueues({"a.a": kind})
    with only_types(), pytest.raises(ConfigurationError, match="is named like"):

        @job("a.a", enqueues="bb")
        def _a(payload: Note, ctx: object) -> None: ...
