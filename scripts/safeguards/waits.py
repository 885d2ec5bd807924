"""List the safeguards of waiting: how long a job is held, and what follows when it must run again later."""

from scripts.safeguards.safeguard import MONTH, PORTS, Safeguard
from scripts.safeguards.safeguard import WAITS as TESTS

PLANNED = ("tests/chalicelib/watchdog/test_lookback.py",)
SEARCH = ("tests/chalicelib/watchdog/test_search.py",)

WAITS = (
    Safeguard(
        "a long wait is parked",
        "chalicelib.worker.settle:Settlement._parks",
        "delay > SQS_LONGEST_DELAY",
        "False",
        TESTS,
    ),
    Safeguard(
        "a message with no receive left is parked",
        "chalicelib.worker.settle:Settlement._parks",
        "(job.receive_count or 1) >= self.max_receives",
        "False",
        TESTS,
    ),
    Safeguard(
        "a try after a long pause begins a new day",
        "chalicelib.worker.settle:Settlement._unrun",
        "now - planned < UNTRIED",
        "True",
        TESTS,
    ),
    Safeguard(
        "a first attempt is not given up while it waits for its rate or its key",
        "chalicelib.worker.settle:_give_up_at",
        "job.attempts <= 1 and isinstance(error, StartUnavailable | KeyHeld)",
        "False",
        TESTS,
    ),
    Safeguard(
        "what could not be sent is sent soon when the weather is calm",
        "chalicelib.watchdog.rules:_first_send",
        "UNSENT_PATIENCE.latest(job.resends + 1)",
        "6 * 3600.0",
        (MONTH,),
    ),
    Safeguard(
        "the message of a parked job is acknowledged",
        "chalicelib.worker.settle:Settlement._wait",
        "Drop('parked') if parked else Hold(delay, 'backing off')",
        "Hold(delay, 'backing off')",
        TESTS,
    ),
    Safeguard(
        "a finished run is written until the time is up",
        "chalicelib.worker.persist:Persistence.write",
        "self.left() - pause < RESERVE",
        "True",
        TESTS,
    ),
    Safeguard(
        "writing stops before the invocation does",
        "chalicelib.worker.persist:Persistence.write",
        "self.left() - pause < RESERVE",
        "False",
        TESTS,
    ),
    Safeguard(
        "a refusal is not repeated",
        "chalicelib.worker.persist:Persistence.write",
        "(MoveRefused, JobNotFound)",
        "()",
        TESTS,
    ),
    Safeguard(
        "the lease of a take-over lasts for the time that is left",
        "chalicelib.worker.claim:Claims._take_over",
        "now + left + LEASE_SLACK",
        "now + LEASE_SLACK",
        (PORTS, MONTH),
    ),
    Safeguard(
        "the lease of a claim lasts for the time that is left",
        "chalicelib.worker.claim:Claims.claim",
        "now + left + LEASE_SLACK",
        "now + 60",
        (PORTS, MONTH),
    ),
    Safeguard(
        "a message that AWS kept from being handled backs off",
        "chalicelib.worker.message_fate:unavailable",
        "math.ceil(spread(longest / 2, longest))",
        "1",
        TESTS,
    ),
    Safeguard(
        "a message beside a parked job is dropped",
        "chalicelib.worker.message_fate:_waiting",
        "early > 0 and not current.sent",
        "False",
        TESTS,
    ),
    Safeguard(
        "a payload that cannot be read charges no attempt",
        "chalicelib.worker.consume:Worker._run",
        "return Unrun(error, PLATFORM_PAUSE.delay(job.claims, self.jitter))",
        "return Raised(error)",
        TESTS,
    ),
    Safeguard(
        "a stored payload that today's schema refuses is no failure",
        "chalicelib.worker.consume:Worker._run",
        "return Unrun(error, SCHEMA_PAUSE, lasts=False)",
        "return Raised(PermanentError(str(error)))",
        TESTS,
    ),
    Safeguard(
        "to come again later is no failure",
        "chalicelib.jobs.types.backoff:_decide",
        "isinstance(error, RetryLater)",
        "False",
        TESTS,
    ),
    Safeguard(
        "no attempt follows after the time to give up",
        "chalicelib.jobs.types.backoff:decide",
        "left is not None and isinstance(decided, Retry | Later) and decided.delay >= left",
        "False",
        TESTS,
    ),
    Safeguard(
        "a lost attempt is not taken over after the time to give up",
        "chalicelib.worker.message_fate:_held",
        "current.give_up_at is not None and now >= current.give_up_at",
        "False",
        TESTS,
    ),
)

LOOKBACK = (
    Safeguard(
        "a planned job that could not be sent is looked for until it is",
        "chalicelib.watchdog.run:Watchdog._send",
        "self.lookback.keep([job_type], self.dispatcher.now(), job.next_attempt_at)",
        "pass",
        PLANNED,
    ),
    Safeguard(
        "a watchdog that did not run for a while looks back",
        "chalicelib.watchdog.lookback:Lookback.begin",
        "now - self.ran_at > GAP",
        "False",
        PLANNED,
    ),
    Safeguard(
        "a new process of the watchdog looks back",
        "chalicelib.watchdog.lookback:Lookback.begin",
        "Window(now - OLD, now + PATIENCE)",
        "Window(now, now)",
        PLANNED,
    ),
    Safeguard(
        "what is planned is not forgotten while its type is paused",
        "chalicelib.watchdog.run:Watchdog._found",
        "seen.paused",
        "False",
        PLANNED,
    ),
    Safeguard(
        "nobody is given up before workers came to its last message",
        "chalicelib.watchdog.rules:Signs.tried_to",
        "now if self.empty else min(now, self.claimed_to or now)",
        "now",
        ("tests/chalicelib/watchdog/test_rules.py", "tests/chalicelib/watchdog/test_long_backlog.py"),
    ),
    Safeguard(
        "a run searches a bounded number of spans",
        "chalicelib.watchdog.search:spans",
        "[*joined[first:], *joined[:first]][:MOST_SPANS]",
        "joined",
        SEARCH,
    ),
    Safeguard(
        "other spans are read in the next run",
        "chalicelib.watchdog.search:spans",
        "[*joined[first:], *joined[:first]][:MOST_SPANS]",
        "joined[:MOST_SPANS]",
        SEARCH,
    ),
    Safeguard(
        "planned jobs that wait hide no later one",
        "chalicelib.watchdog.search:_planned",
        "horizon is not None and horizon >= recent and (not registry.out_of_order(job_type))",
        "horizon is not None and horizon >= recent",
        SEARCH,
    ),
    Safeguard(
        "half of a run is kept for what the search found",
        "chalicelib.watchdog.run:Watchdog.run",
        "remaining() >= half",
        "True",
        ("tests/chalicelib/watchdog/test_run.py",),
    ),
)
