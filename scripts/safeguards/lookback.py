"""List the safeguards of planned jobs whose time is past: none is lost behind others of its type."""

from scripts.safeguards.safeguard import Safeguard

TESTS = ("tests/chalicelib/watchdog/test_lookback.py",)

LOOKBACK = (
    Safeguard(
        "a planned job that could not be sent is looked for until it is",
        "chalicelib.watchdog.run:Watchdog._send",
        "self.lookback.keep([job_type], self.dispatcher.now(), job.next_attempt_at)",
        "pass",
        TESTS,
    ),
    Safeguard(
        "a watchdog that did not run for a while looks back",
        "chalicelib.watchdog.lookback:Lookback.begin",
        "now - self.ran_at > GAP",
        "False",
        TESTS,
    ),
    Safeguard(
        "a new process of the watchdog looks back",
        "chalicelib.watchdog.lookback:Lookback.begin",
        "Window(now - OLD, now + PATIENCE)",
        "Window(now, now)",
        TESTS,
    ),
    Safeguard(
        "what is planned is not forgotten while its type is paused",
        "chalicelib.watchdog.run:Watchdog._found",
        "seen.paused",
        "False",
        TESTS,
    ),
)
