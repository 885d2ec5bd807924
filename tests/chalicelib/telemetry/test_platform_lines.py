"""Test how an invocation ended, from Lambda's own lines."""

import pytest

from chalicelib.telemetry.platform_lines import Ending, ending_of, tells_of_an_end

ID = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"
OTHER = "00000000-45b5-4cf2-8fa3-0f8b5a0bd1b0"
SIZES = "Duration: 3000.00 ms\tBilled Duration: 3001 ms\tMemory Size: 512 MB\tMax Memory Used: {} MB"


EXITED = f"RequestId: {ID} Error: Runtime exited with error:"
KILLED = ("OutOfMemory", "Runtime exited with error: signal: killed (512 of 512 MB used)")


def report(used: int, status: str, of: str = ID) -> str:
    return f"REPORT RequestId: {of}\t{SIZES.format(used)}{status}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [f"2026-11-26T07:00:00.000Z {ID} Task timed out after 3.00 seconds", report(80, "\tStatus: timeout")],
            ("TimedOut", "Task timed out after 3.00 seconds (80 of 512 MB used)"),
        ),
        ([f"{ID} Task timed out after 3.00 seconds"], ("TimedOut", "Task timed out after 3.00 seconds")),
        ([report(80, "\tStatus: timeout")], ("TimedOut", "TimedOut (80 of 512 MB used)")),
        ([f"{EXITED} signal: killed", report(512, "\tStatus: error\tError Type: Runtime.OutOfMemory")], KILLED),
        ([f"{EXITED} signal: killed", report(512, "\tStatus: error")], KILLED),
        (
            [f"{EXITED} exit status 3", report(80, "\tStatus: error\tError Type: Runtime.ExitError")],
            ("Exited", "Runtime exited with error: exit status 3 (80 of 512 MB used)"),
        ),
    ],
)
def test_the_end_of_an_invocation_has_a_name(lines: list[str], expected: tuple[str, str]) -> None:
    texts = [f"START RequestId: {ID} Version: $LATEST", *lines]
    assert ending_of(list(enumerate(texts)), ID) == Ending(1, *expected)


@pytest.mark.parametrize(
    "line",
    [
        f"START RequestId: {ID} Version: $LATEST",
        report(80, ""),
        report(512, "\tStatus: timeout", of=OTHER),
        f"{OTHER} Task timed out after 3.00 seconds",
        f'{{"message": "{ID} Task timed out after 3.00 seconds"}}',
        f"the service said: {'x' * 40} {ID} Task timed out after 3.00 seconds",
    ],
)
def test_nothing_is_read_out_of_other_lines(line: str) -> None:
    assert ending_of([(1.0, line)], ID) is None
    assert not tells_of_an_end(line, ID)
