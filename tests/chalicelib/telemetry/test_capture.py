"""Check that a job function's output and log lines become lines of the job, with its keys."""

import io
import json
import logging
import subprocess
import sys
import threading
from contextlib import redirect_stdout
from typing import Any

import pytest

from chalicelib.telemetry.capture import captured
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import about, logger
from chalicelib.telemetry.own_output import own_output
from chalicelib.telemetry.redaction import forget, hide, without_secrets
from tests.support import written


def lines_of(work: Any) -> list[dict[str, Any]]:
    """Return the lines of a function that runs as a job."""
    with written() as lines, about(job_id="j-1"), captured():
        work()
    return lines


def test_print_and_logging_have_the_jobs_keys() -> None:
    def work() -> None:
        print("one\ntwo", end="")  # noqa: T201
        logging.getLogger("my.module").info("three %s", 3)
        logger().info("four")

    found = {line["message"]: (line["job_id"], line.get("logger")) for line in lines_of(work)}
    assert found == {
        "one": ("j-1", "print"), "two": ("j-1", "print"), "three 3": ("j-1", "my.module"), "four": ("j-1", None),
    }  # fmt: skip


def test_libraries_of_aws_are_quiet_below_a_warning() -> None:
    def work() -> None:
        logging.getLogger("botocore.credentials").info("Found credentials")
        logging.getLogger("botocore.credentials").warning("Slow")

    assert [line["message"] for line in lines_of(work)] == ["Slow"]


HOSTILE = 'x\n{"_aws": {"CloudWatchMetrics": []}}\n{"job_id": "another", "message": "forged"}\rREPORT RequestId: r-2'
WORKER = """
import logging, os, subprocess, sys, threading, traceback, warnings
from chalicelib.telemetry.capture import capture_descriptors, captured
from chalicelib.telemetry.emf import Metric, count
from chalicelib.telemetry.logger import about, logger, within_invocation
from chalicelib.telemetry.redaction import hide

TEXT, FILLER = sys.argv[1], "y" * 100 + "\\n"
capture_descriptors()
invocation = within_invocation("r-1", keep=True)
invocation.__enter__()
hide("KEY", "s3cr3t-value")
late = threading.Event()

def after():
    late.wait()
    print(TEXT)
    os.write(2, TEXT.encode() + b"\\n")

def job():
    print(TEXT)
    print(TEXT, file=sys.stderr)
    sys.__stdout__.write(TEXT + "\\n")
    sys.__stdout__.flush()
    sys.__stderr__.write(TEXT + "\\n")
    os.write(1, TEXT.encode() + b"\\nwith s3cr3t-value\\n")
    os.write(2, b"\\xff\\n" + TEXT.encode() + b"\\n")
    warnings.warn(TEXT)
    logging.getLogger("theirs").error(TEXT)
    logger().info(TEXT, extra={"invocation": "r-2"})
    logger().info("made", extra={"_aws": {"CloudWatchMetrics": []}})
    os.write(1, b"[" * 2_000 + b"\\nbehind it\\n")
    os.write(1, b"s3cr3t-value" * 100_000 + b"\\n")
    child = "import os, sys; os.write(1, sys.argv[1].encode() + b'\\\\n'); os.write(2, b's3cr3t-value')"
    subprocess.run([sys.executable, "-c", child, TEXT])
    subprocess.run([sys.executable, "-c", "print(%r * 12_000, end='')" % FILLER], stdout=sys.stdout)
    try:
        raise ValueError(TEXT)
    except ValueError:
        traceback.print_exc()

with about(job_id="j-1"):
    with captured():
        job()
invocation.__exit__(None, None, None)
logger().info("the end of the job")
count(Metric.FAILED, "a.b")
thread = threading.Thread(target=after)
thread.start()
late.set()
thread.join()
with captured():
    pass
"""


def test_no_text_becomes_a_line_of_another_job_or_of_metrics() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WORKER, HOSTILE], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.split("\n") if line]
    ours, metrics = [x for x in lines if "_aws" not in x], [x for x in lines if "_aws" in x]
    assert run.stderr == ""
    assert [line["Failed"] for line in metrics] == [[1.0]]
    assert {line["invocation"] for line in ours} == {"r-1"}
    end = [line["message"] for line in ours].index("the end of the job")
    assert {line["job_id"] for line in ours[:end]} == {"j-1"}
    assert {line.get("job_id") for line in ours[end:]} == {None}
    assert [line["message"] for line in ours].count("y" * 100) == 12_000
    assert {"with [secret KEY]", "[secret KEY]", "\ufffd", "behind it"} <= {str(line["message"]) for line in ours[:end]}
    assert "s3cr3t" not in run.stdout
    # if the text were cut, a line would begin with the second half of a secret's value
    assert len([line for line in ours if "[secret KEY][secret KEY]" in str(line["message"])]) == 1


@pytest.mark.parametrize("deep", [*range(300, 1_100, 50), 4_000])
def test_a_text_that_is_nested_too_deep_is_a_line_and_no_error(deep: int) -> None:
    nested = "[" * deep + "]" * deep

    def work() -> None:
        print(nested)  # noqa: T201
        logging.getLogger("theirs").error(nested)
        logger().info("four", extra={"read": json.loads(nested)} if deep < 900 else {})
        print("last")  # noqa: T201

    hide("KEY", "s3cr3t-value")  # if the type has a secret, each line is searched
    try:
        lines = lines_of(work)
    finally:
        forget()
    assert len(lines) == 4
    assert [line["message"] for line in lines[2:]] == ["four", "last"]


def test_all_is_as_before_when_the_function_raises() -> None:
    def work() -> None:
        print("last")  # noqa: T201
        raise ValueError("boom")

    before = (sys.stdout, list(logging.getLogger().handlers), logging.getLogger().level)
    with written() as lines, pytest.raises(ValueError, match="boom"), captured():
        work()
    assert [line["message"] for line in lines] == ["last"]
    assert (sys.stdout, list(logging.getLogger().handlers), logging.getLogger().level) == before


def test_workers_in_several_threads_leave_the_output_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = own_output.kept(), own_output.kept()
    with redirect_stdout(io.StringIO()):
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
    count(Metric.WATCHDOG_RAN)
    assert "WatchdogRan" in capsys.readouterr().out


def test_workers_in_several_threads_leave_nothing_behind_in_any_order_of_their_ends() -> None:
    root, out = logging.getLogger(), sys.stdout
    before = list(root.handlers)
    first, second = captured(), captured()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert (root.handlers, sys.stdout) == (before, out)


SEVERAL = """
import os, threading
from chalicelib.telemetry.capture import capture_descriptors, captured
from chalicelib.telemetry.logger import about, one_of_several

capture_descriptors()
both = threading.Barrier(2)

def job(name):
    with one_of_several(), about(job_id=name), captured():
        for number in range(50):
            both.wait(30)
            os.write(1, f"raw of {name}\\n".encode())
            print(f"{name} prints ", end="")
            with captured():
                os.write(1, f"again {name}\\n".encode())
            print(number)

threads = [threading.Thread(target=job, args=(name,)) for name in ("j-1", "j-2")]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_output_to_a_descriptor_has_the_keys_of_no_job_while_several_jobs_run() -> None:
    run = subprocess.run([sys.executable, "-c", SEVERAL], capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in run.stdout.split("\n") if line]
    assert run.stderr == ""
    raw = [line.get("job_id") for line in lines if str(line["message"]).startswith(("raw", "again"))]
    assert raw == [None] * 200
    for name in ("j-1", "j-2"):
        own = [line for line in lines if line.get("job_id") == name]
        assert [line["message"] for line in own] == [f"{name} prints {number}" for number in range(50)]


AT_ONCE = """
import os, sys, threading
from chalicelib.telemetry.capture import capture_descriptors, captured
from chalicelib.telemetry.logger import one_of_several

capture_descriptors()
sys.setswitchinterval(1e-6)

def job(inside, number):
    with one_of_several(), captured():
        inside.wait(30)
        os.write(1, b"whole\\n" * 5 + (b"half" if number == 0 else b""))
        inside.wait(30)

for _ in range(100):
    inside = threading.Barrier(2)
    threads = [threading.Thread(target=job, args=(inside, number)) for number in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


def test_an_unfinished_line_is_written_when_the_last_jobs_end_at_the_same_moment() -> None:
    run = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60, check=True)
    told = [json.loads(line)["message"] for line in run.stdout.split("\n") if line]
    assert sum("half" in one for one in told) == 100
    assert set(told) <= {"whole", "half", "halfwhole"}


def test_a_masked_value_stays_masked_while_another_job_reads_a_secret() -> None:
    found, ready = list[str](), threading.Event()

    def read_secrets() -> None:
        for number in range(300):
            hide(f"KEY {number}", f"another-value-{number}")
            ready.set()

    hide("FIRST", "s3cr3t-value")
    thread = threading.Thread(target=read_secrets)
    thread.start()
    try:
        ready.wait(30)
        found.append(without_secrets("it is s3cr3t-value"))
        while thread.is_alive():
            found.append(without_secrets("it is s3cr3t-value"))
    finally:
        thread.join()
        forget()
    assert set(found) == {"it is [secret FIRST]"}
