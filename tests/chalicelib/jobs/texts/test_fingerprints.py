"""Test when two errors count as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs import transitions
from chalicelib.jobs.constants import ERROR_CHARACTERS_READ, LONGEST_GROUP_MESSAGE
from chalicelib.jobs.job import Status
from chalicelib.jobs.texts.fingerprints import fingerprint, generalise, mentions
from tests.support import T0, a_job

MDN = "\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/"
POOL = "HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: "
GROUPS: dict[str, tuple[str, ...]] = {
    "httpx 404": (
        f"Client error '404 Not Found' for url 'https://example.com/photo-69.jpg'{MDN}404",
        f"Client error '404 Not Found' for url 'https://example.com/a/very/long/path/{'x' * 200}.jpg'{MDN}404",
        f"Client error '404 Not Found' for url 'https://example.com/'{MDN}404",
    ),
    "httpx dns": ("[Errno -2] Name or service not known",),
    "httpx refused": ("[Errno 111] Connection refused",),
    "requests 404": (
        "404 Client Error: Not Found for url: https://example.com/users/17",
        "404 Client Error: Not Found for url: https://example.com/users/ada%20l?x=1",
    ),
    "requests refused": tuple(
        f"{POOL}/v1/jobs/{n} (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x{at}>: "
        "Failed to establish a new connection: [Errno 111] Connection refused'))"
        for n, at in ((17, "7f3a"), (18, "7f99"))
    ),
    "requests dns": (f"{POOL}/ (Caused by NewConnectionError(': Failed: [Errno -2] Name or service not known'))",),
    "requests timeout": (
        "HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=10)",
        "HTTPSConnectionPool(host='api2.example.com', port=8443): Read timed out. (read timeout=2.5)",
    ),
    "boto3 head 404": ("An error occurred (404) when calling the HeadObject operation: Not Found",),
    "boto3 throttled": tuple(
        f"An error occurred (ThrottlingException) when calling the SendEmail operation (reached max retries: {n}): "
        "Rate exceeded"
        for n in (4, 2)
    ),
    "boto3 denied": tuple(
        "An error occurred (AccessDenied) when calling the PutObject operation: User: "
        f"arn:aws:sts::{account}:assumed-role/{role} is not authorized"
        for account, role in ((123456789012, "app-prod/i-0abc12345def"), (210987654321, "app-test/i-0fff99999eee"))
    ),
    "boto3 endpoint": (
        'Could not connect to the endpoint URL: "https://s3.eu-west-1.amazonaws.com/bucket/a.png"',
        'Could not connect to the endpoint URL: "https://s3.eu-west-1.amazonaws.com/bucket/b.png"',
    ),
    "psycopg unique": (
        'duplicate key value violates unique constraint "orders_pkey"\nDETAIL:  Key (id)=(17) already exists.',
        'duplicate key value violates unique constraint "orders_pkey"\nDETAIL:  Key (id)=(18) already exists.',
    ),
    "psycopg refused": (
        'connection to server at "10.0.0.7", port 5432 failed: Connection refused\n\tIs the server running?',
        'connection to server at "10.0.0.8", port 5433 failed: Connection refused\n\tIs the server running?',
    ),
    "psycopg deadlock": (
        "deadlock detected\nDETAIL:  Process 6022 waits for ShareLock on transaction 803; blocked by process 6029.",
        "deadlock detected\nDETAIL:  Process 11 waits for ShareLock on transaction 9; blocked by process 12.",
    ),
    "sqlstate 40001": ("could not serialize access, SQLSTATE 40001",),
    "pillow unknown": (
        "cannot identify image file '/tmp/tmpa8x2/photo.jpg'",
        "cannot identify image file 'photo 2.png'",
    ),
    "pillow object": (
        "cannot identify image file <_io.BytesIO object at 0x7f21d1c3a4d0>",
        "cannot identify image file <_io.BytesIO object at 0x7f0000000010>",
    ),
    "smtp unknown": (
        "(550, b'5.1.1 <ada@example.com>: Recipient address rejected: User unknown')",
        "(550, b'5.1.1 <bob.x@example.org>: Recipient address rejected: User unknown')",
    ),
    "times": (
        "token expired at 2026-11-26T06:20:19Z, now it is 06:21:00.125",
        "token expired at 2026-11-25T23:59:59.999+01:00, now it is 00:00:01",
    ),
    "job": ("job 7 of 'x' failed at 0x1", "job 8 of 'y' failed at 0x7f", "job 12345 of 'zzz' failed at 0xdead"),
}


def test_real_messages_fall_into_their_groups() -> None:
    names = {group: {fingerprint("t", "E", one)[0] for one in messages} for group, messages in GROUPS.items()}
    assert {group: len(found) for group, found in names.items() if len(found) != 1} == {}
    assert len(set.union(*names.values())) == len(GROUPS)
    for message in (message for messages in GROUPS.values() for message in messages):
        general = generalise(message)
        assert (generalise(general), len(general) <= LONGEST_GROUP_MESSAGE) == (general, True)


def test_a_host_is_kept_and_its_number_is_not() -> None:
    assert generalise("no answer from https://api.example.com/v1/7") == "no answer from https://api.example.com/…"
    assert generalise("no answer from https://shard7.example.com/x") == "no answer from https://shard….example.com/…"


def test_what_differs_behind_the_cut_is_another_error() -> None:
    long = "the same words over and over " * 10
    held = a_job(status=Status.PROCESSING, attempts=1)
    failed = [
        transitions.fail(held, now=T0, error=("E", long + end)).applied(held) for end in ("disk full", "no such bucket")
    ]
    assert failed[0].fingerprint != failed[1].fingerprint
    assert {job.error_message for job in failed} == {failed[0].error_message}
    assert (failed[0].error_message or "").endswith("…")
    assert len((failed[0].error_message or "").encode()) + 1 <= 156
    assert transitions.fail(held, now=T0, error=("E", "x" * 155)).applied(held).error_message == "x" * 155


@pytest.mark.parametrize("text", ["job … of … failed at …", "valueerror", "JOB 7 OF", "of 'x'", "E job"])
def test_jobs_are_found_by_an_error_as_it_is_and_as_its_group_tells_it(text: str) -> None:
    message = "job 7 of 'x' failed at 0x1"
    assert mentions("ValueError", message, text) == (text != "E job")
    assert not mentions(None, None, text)


def test_other_errors_have_other_fingerprints() -> None:
    names = {fingerprint(t, e, m)[0] for t in "ab" for e in "ef" for m in ("down", "gone")}
    assert len(names) == 8


@given(st.text(max_size=300))
def test_any_text_is_generalised(text: str) -> None:
    assert generalise(text) == generalise(text.partition("\n")[0]) or text[:1].isspace()


def test_a_long_text_is_cut_before_it_is_searched() -> None:
    text = "'" + "x" * ERROR_CHARACTERS_READ
    assert generalise(f"{text}' went wrong") == generalise(f"{text}' did not")
