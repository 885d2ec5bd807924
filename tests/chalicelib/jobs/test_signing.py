"""Test which fields a signature covers, and with whose keys it is made."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import Job
from chalicelib.jobs.signing import SIGNATURE_BYTES, Signing, parameter_of, read_keys, short_name, type_keys
from chalicelib.settings import Settings
from tests.support import T0, a_job

MASTER, OTHER = "m" * 22, "n" * 22
PLATFORM = Signing((MASTER,))


def worker(*types: str, masters: str = MASTER, **more: Any) -> Signing:
    """Return the environment of a worker with the keys of these types."""
    text = ";".join(f"{short_name(name)}={type_keys(masters, parameter_of(name))}" for name in types)
    return Signing(keys=read_keys(text), **more)


def signed(job: Job, by: Signing = PLATFORM) -> Job:
    return replace(job, signature=by.signature(job))


def test_a_worker_accepts_what_the_platform_has_signed() -> None:
    job = signed(a_job())
    assert len(job.signature or b"") == SIGNATURE_BYTES
    assert worker("email.send").accepts(job)
    assert PLATFORM.accepts(job)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "another"}, {"type": "image.process"}, {"gen": 2}, {"principal": "eve"}, {"payload": {"to": "eve"}},
        {"payload_ref": "PAYLOAD#x"}, {"signature": None}, {"signature": b""}, {"signature": bytes(SIGNATURE_BYTES)},
    ],
    ids=str,
)  # fmt: skip
def test_a_row_that_says_anything_else_is_refused(changed: dict[str, Any]) -> None:
    forged = replace(signed(a_job()), **changed)
    assert not worker("email.send", "image.process").accepts(forged)
    assert not PLATFORM.accepts(forged)


def test_a_payload_that_is_kept_apart_is_signed_by_its_reference() -> None:
    job = signed(a_job(payload=None, payload_ref="PAYLOAD#digest"))
    assert PLATFORM.accepts(replace(job, payload={"read": "later"}))
    assert not PLATFORM.accepts(replace(job, payload_ref="PAYLOAD#other"))


def test_who_has_the_keys_of_other_types_signs_none_of_this_one() -> None:
    images = worker("image.process", "report.generate")
    assert images.signature(a_job()) is None
    assert images.signature(a_job(type="report.generate")) is not None
    forged = replace(a_job(), signature=images.signature(a_job(type="report.generate")))
    assert not worker("email.send").accepts(forged)


def test_a_new_master_key_signs_and_the_one_before_is_still_accepted() -> None:
    old, both = signed(a_job()), f"{OTHER},{MASTER}"
    rotated = Signing((OTHER, MASTER))
    new = signed(a_job(), rotated)
    for verifier in (rotated, worker("email.send", masters=both)):
        assert verifier.accepts(old)
        assert verifier.accepts(new)
    assert not PLATFORM.accepts(new)
    assert not Signing((OTHER,)).accepts(old)
    assert new.signature == Signing((OTHER,)).signature(new) == worker("email.send", masters=both).signature(new)


def test_jobs_from_before_rows_were_signed_are_accepted_and_later_ones_are_not() -> None:
    since = Signing((MASTER,), unsigned_until=T0)
    assert since.accepts(a_job(created_at=T0 - 1))
    assert not since.accepts(a_job(created_at=T0))
    assert since.marked(a_job(created_at=T0 - 1), "a step", None)
    assert not since.marked(a_job(created_at=T0), "a step", None)


def test_without_a_key_nothing_is_signed_and_nothing_refused() -> None:
    assert Signing().signature(a_job()) is None
    assert Signing().accepts(a_job())


def test_a_worker_accepts_no_row_of_a_type_whose_keys_it_does_not_have() -> None:
    """Otherwise the worker would run a row that is signed for none of its types."""
    assert not worker("image.process").accepts(signed(a_job()))
    assert not worker("image.process", unsigned_until=T0 + 1).accepts(a_job())


def test_a_function_reads_its_keys_from_the_environment() -> None:
    platform = Signing.of(Settings.from_env({"STAGE": "prod", "SIGNING_KEY": f"{OTHER},{MASTER}"}))
    assert platform.masters == (OTHER, MASTER)
    keys = f"{short_name('email.send')}={type_keys(MASTER, parameter_of('email.send'))};{short_name('a.b')}="
    of_worker = Signing.of(Settings.from_env({"STAGE": "prod", "SIGNING_KEYS": keys, "UNSIGNED_UNTIL": "5"}))
    assert (of_worker.masters, of_worker.unsigned_until) == ((), 5)
    assert of_worker.accepts(signed(a_job()))
    assert not of_worker.signs("a.b"), "its parameter is empty"
    assert not Signing.of(Settings.from_env({"STAGE": "prod"})).signs("email.send")


def test_a_laptop_signs_too() -> None:
    assert Signing.of(Settings.from_env({})).signs("email.send")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIGNING_KEY", "short"), ("SIGNING_KEY", f"{MASTER},short"), ("SIGNING_KEYS", "a"), ("SIGNING_KEYS", "a=b=c"),
     ("SIGNING_KEYS", "abcd=ä"), ("SIGNING_KEYS", "abcd=x x")],
)  # fmt: skip
def test_keys_that_cannot_be_read_stop_the_function(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Signing.of(Settings.from_env({"STAGE": "prod", name: value}))
