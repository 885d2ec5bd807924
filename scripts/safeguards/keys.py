"""List the safeguards of jobs that run one at a time for a key: no two at once, and each in its place."""

from scripts.safeguards.safeguard import Safeguard

ROWS = ("tests/chalicelib/worker/before/test_key_rows.py",)
ORDER = ("tests/chalicelib/worker/together/test_in_order.py",)
QUEUES = ("tests/contract/queue/test_serial_queue.py",)
SENT = ("tests/chalicelib/service/test_serial.py",)

KEYS = (
    Safeguard(
        "an attempt begins when no other one of its key may run",
        "chalicelib.worker.in_order:InOrder._take",
        "seen is not None and (held := self._held_for(seen, attempt)) > 0",
        "False",
        (*ROWS, *ORDER),
    ),
    Safeguard(
        "of two that see a key free one has it",
        "chalicelib.worker.in_order:InOrder._take",
        "self.store.hold(row, seen, attempt)",
        "self.store.hold(row, self.store.holder(row), attempt)",
        ROWS,
    ),
    Safeguard(
        "a key is held until the lease has ended",
        "chalicelib.worker.in_order:InOrder._held_for",
        "found.status is Status.PROCESSING and found.token == token",
        "False",
        ROWS,
    ),
    Safeguard(
        "a later attempt of a job is another holder",
        "chalicelib.jobs.serial:attempt_as_holder",
        "f'{held.id}:{gen}:{claim}'",
        "f'{held.id}:{gen}:{claim * 0}'",
        (*ROWS, "tests/chalicelib/jobs/test_serial.py"),
    ),
    Safeguard(
        "who comes after its lease does not begin",
        "chalicelib.worker.in_order:InOrder.start",
        "self.clock() >= (job.lease_until or 0.0)",
        "False",
        ROWS,
    ),
    Safeguard(
        "when nobody knows whether another one runs none begins",
        "chalicelib.worker.in_order:InOrder.start",
        "raise KeyUnavailable(f'Another job of its key may run: {type(error).__name__}') from error",
        "pass",
        ROWS,
    ),
    Safeguard(
        "what follows of a key comes again with the one before it",
        "chalicelib.worker.in_order:InOrder.after",
        "self.behind.add(delivery.group)",
        "pass",
        ORDER,
    ),
    Safeguard(
        "a follower may come again for each one before it",
        "chalicelib.jobs.types.figures:Figures.max_receives",
        "own if self.serial_by is None else own * self.batch_size",
        "own",
        ("tests/chalicelib/jobs/test_serial.py", *ORDER),
    ),
    Safeguard(
        "each message that is sent is new to SQS",
        "chalicelib.adapters.sqs:SqsJobQueue._content",
        "uuid.uuid4().hex",
        "message.id",
        QUEUES,
    ),
    Safeguard(
        "nothing is sent before its time to a queue that delays nothing",
        "chalicelib.jobs.types.registry:longest_delay",
        "0 if serial(name) else SQS_LONGEST_DELAY",
        "SQS_LONGEST_DELAY",
        SENT,
    ),
    Safeguard(
        "the watchdog sends a job of a key at its time and no sooner",
        "chalicelib.watchdog.rules:check",
        "0.0 if signs.serial else LOOK_AHEAD",
        "LOOK_AHEAD",
        SENT,
    ),
    Safeguard(
        "a job that keeps its place is not run now",
        "chalicelib.service.operations:Operations.run_now",
        "registry.serial(found.type) and found.sent and (found.next_attempt_at or 0.0) > self.jobs.now()",
        "False",
        SENT,
    ),
    Safeguard(
        "dead letters of a key hide nothing that is behind them",
        "chalicelib.watchdog.dead_letter_rules:sweep",
        "Remove('others of its key are behind it') if serial else Keep()",
        "Keep()",
        (*SENT, "tests/chalicelib/watchdog/test_dead_letter_rules.py"),
    ),
)
