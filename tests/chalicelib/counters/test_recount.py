"""Check that a recount finds every lost change, repairs it once, and compares only what the stream has delivered."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.adapters.constants import BATCH_GET, CENSUS_PAGE_IN_MEMORY
from chalicelib.adapters.dynamo.counting.census import DynamoCensus
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from chalicelib.counters.changes import CanaryPassed, Image, JobChange, Told
from chalicelib.counters.constants import CANARIES, CANARY_GIVE_UP, RECOUNT_EVERY, RECOUNT_SPARE
from chalicelib.counters.port import Census
from chalicelib.counters.recounting.progress import Phase
from chalicelib.counters.recounting.recount import Recount, Report
from chalicelib.counters.stream import StreamCounter
from chalicelib.counters.wait_times import oldest
from chalicelib.ends.constants import CHECKED_AFTER
from chalicelib.entry.recount import LeftoversFailed, handler
from chalicelib.erasing.leftovers import Done
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.settings import Settings
from tests.seeding import seed
from tests.support import T0, Clock, Invocation, a_job, requests_to

PLENTY = 800.0


class Nothing:
    """Nothing, or something, that is left of expired jobs; the removal may fail."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.times = 0

    def work(self, _: Any) -> Done:
        self.times += 1
        return Done(failures=self.failures)


class Stream:
    """A stream of changes with canaries, in order. They reach the counters only when a test delivers them."""

    def __init__(self) -> None:
        self.waiting: list[Told] = []
        self._place = 0

    def change(self, before: Job | None, after: Job | None, at: float) -> None:
        images = [None if job is None else image(job) for job in (before, after)]
        self.waiting.append(JobChange(self._next(), images[0], images[1], at))

    def release(self, run: str, number: int) -> None:
        self.waiting += [CanaryPassed(self._next(), run) for _ in range(number)]

    def _next(self) -> str:
        self._place += 1
        return f"{self._place:040}"


def image(job: Job) -> Image:
    return Image(job.id, job.type, job.status, job.created_at, job.updated_at, job.started_at, job.finished_at)


class Platform:
    """A store, its stream, its counters and a recount over them; `clock` moves only on request."""

    def __init__(self, store: JobStore, census: Census, counters: MemoryCounters | DynamoCounters, clock: Clock):
        self.store, self.counters, self.clock, self.stream = store, counters, clock, Stream()
        self.flows = True
        self.counter = StreamCounter(counters, clock)
        self.ended: list[str] = []
        self.recount = Recount(census, self.stream, counters, counters, clock, self._pass, ended=self._ended)

    def _ended(self, jobs: Sequence[Job]) -> int:
        self.ended += [job.id for job in jobs]
        return 0

    def _pass(self, seconds: float) -> None:
        self.clock.now += seconds
        self.flow()

    def flow(self) -> None:
        """Let the stream deliver the waiting records, unless it is stuck."""
        if self.flows:
            self.counter.count(self.stream.waiting, "s")
            self.stream.waiting = []

    def add(self, *jobs: Job, lost: bool = False) -> None:
        for job in jobs:
            self.store.add(job)
            if not lost:
                self.stream.change(None, job, self.clock.now)

    def step(self, left: float = PLENTY, *, start: bool = False) -> Report:
        return self.recount.step(lambda: left, start=start)

    def total(self, status: Status = Status.QUEUED) -> int:
        return self.counters.standing().totals.get(("email.send", status), 0)


@pytest.fixture
def platform(clock: Clock) -> Platform:
    store = MemoryJobStore(clock)
    return Platform(store, store, MemoryCounters(), clock)


@pytest.mark.parametrize("stores", ["memory", "dynamo"])
def test_a_lost_change_is_found_and_repaired_the_same_night_and_once(
    request: pytest.FixtureRequest, clock: Clock, stores: str
) -> None:
    platform: Platform = request.getfixturevalue("platform")
    if stores == "dynamo":
        cloud = request.getfixturevalue("cloud")
        platform = Platform(DynamoJobStore(cloud, clock), DynamoCensus(cloud), DynamoCounters(cloud), clock)
    platform.add(a_job(), a_job(status=Status.FAILED))
    platform.add(a_job(), lost=True)
    platform.flow()
    platform.clock.now += 3600
    platform.recount.repair = False
    look = platform.step()
    assert (look.wrong, look.repaired, platform.total()) == ({"email.send#queued": 1}, {}, 1), "a look repairs nothing"
    platform.recount.repair = True
    report = platform.step(start=True)
    assert report.wrong == report.repaired == {"email.send#queued": 1}
    assert (platform.total(), platform.total(Status.FAILED)) == (2, 1)
    again = platform.step(start=True)
    assert (again.judged, again.jobs, again.drifts) == (True, 3, ())


def test_each_finished_job_that_tells_its_end_is_handed_over_to_be_checked(platform: Platform) -> None:
    told = a_job(status=Status.FAILED, on_end="export.ended")
    platform.add(told, a_job(on_end="export.ended"), a_job(status=Status.FAILED))
    platform.recount.repair = False
    platform.step(start=True)
    assert platform.ended == [], "a look makes nothing"
    platform.recount.repair = True
    platform.step(start=True)
    assert platform.ended == [told.id]


def test_a_stream_that_lags_for_nights_never_leads_to_a_repair(platform: Platform) -> None:
    """Changes wait for 11 minutes during each recount, on two consecutive nights."""
    for _ in range(2):
        platform.add(*(a_job(status=Status.COMPLETED, created_at=platform.clock.now) for _ in range(9)))
        platform.clock.now += 700
        platform.flows = False
        assert platform.step() == Report(Phase.WAITING)
        platform.clock.now += 600
        platform.flows = True
        platform.flow()
        report = platform.step()
        assert (report.judged, report.repaired) == (True, {})
        platform.clock.now += 86_400
    assert platform.total(Status.COMPLETED) == 18


def test_a_shard_that_lags_behind_the_others_keeps_the_run_from_judging(platform: Platform) -> None:
    """The shard's changes wait together with its canaries; those of another shard were delivered."""
    platform.add(a_job(status=Status.COMPLETED, created_at=platform.clock.now))
    platform.clock.now += 700
    platform.flows = False
    platform.step()
    late, passed = platform.stream.waiting[: CANARIES // 2], platform.stream.waiting[CANARIES // 2 :]
    platform.counter.count(passed, "another")
    assert platform.step() == Report(Phase.WAITING)
    platform.counter.count(late, "s")
    assert (platform.step().drifts, platform.total(Status.COMPLETED)) == ((), 1)


def test_a_run_goes_on_where_an_invocation_had_to_stop(platform: Platform, clock: Clock) -> None:
    platform.add(*(a_job(created_at=T0 + n) for n in range(3 * CENSUS_PAGE_IN_MEMORY + 7)))
    platform.flow()
    clock.now += 3600
    reports = [platform.step(left=RECOUNT_SPARE - 1) for _ in range(3)]
    assert [report.phase for report in reports] == [Phase.COUNTING] * 3
    report = platform.step()
    assert (report.judged, report.jobs, report.drifts) == (True, 3 * CENSUS_PAGE_IN_MEMORY + 7, ())


def test_two_invocations_do_not_work_on_one_run(platform: Platform) -> None:
    platform.add(a_job(), lost=True)

    def must_not_wait(_: float) -> None:
        raise AssertionError("the other one works on the run, too")

    ports = (platform.recount.census, platform.stream, platform.counters, platform.counters)
    other = Recount(*ports, platform.clock, must_not_wait)
    seen: list[Report] = []

    def meanwhile(seconds: float) -> None:
        seen.append(other.step(lambda: PLENTY, start=True))
        platform._pass(seconds)

    platform.recount.sleep = meanwhile
    assert platform.step().repaired == {"email.send#queued": 1}
    assert seen == [Report(Phase.COUNTING)]


def test_a_run_begins_once_in_twenty_hours_or_when_asked(platform: Platform) -> None:
    assert platform.step().judged
    assert platform.step() == Report(Phase.IDLE)
    platform.clock.now += RECOUNT_EVERY
    assert platform.step().judged
    platform.flows = False
    assert platform.step(start=True).phase is Phase.WAITING
    platform.clock.now += CANARY_GIVE_UP + 1
    assert platform.step() == Report(Phase.IDLE), "canaries that never pass end the run unjudged"


def test_jobs_that_expire_meanwhile_are_not_taken_for_drift(platform: Platform) -> None:
    done = a_job(status=Status.COMPLETED)
    platform.add(done)
    platform.flow()
    platform.clock.now += 3600
    # counted before the comparison, but still visible to the census
    platform.stream.change(done, None, platform.clock.now)
    report = platform.step()
    assert [drift.difference for drift in report.drifts] == [1]
    assert report.repaired == {}


def test_repairing_also_rights_since_when_jobs_wait(platform: Platform) -> None:
    gone = a_job(updated_at=T0 - 8 * 3600)
    platform.stream.change(None, gone, T0)
    platform.add(a_job())
    platform.flow()
    platform.clock.now += 6 * 3600
    assert platform.step().repaired == {"email.send#queued": -1}
    assert oldest(platform.counters.standing().waiting["email.send"], platform.clock.now) == pytest.approx(T0, abs=1800)


def test_seeded_jobs_are_recounted_page_by_page_without_a_scan(cloud: Settings, clock: Clock) -> None:
    clock.now = T0 + 86_400
    seed(cloud, 300, ["email.send", "image.process"], T0)
    counters, stream = DynamoCounters(cloud), Stream()
    counter = StreamCounter(counters, clock)

    def flow(_: float) -> None:
        counter.count(stream.waiting, "s")

    recount = Recount(DynamoCensus(cloud), stream, counters, counters, clock, flow)
    with requests_to("dynamodb") as asked:
        report = recount.step(lambda: PLENTY)
    assert report.jobs == 300
    assert {drift.name for drift in report.drifts if drift.status} == set()
    assert set(asked) == {"Query", "BatchGetItem", "GetItem", "UpdateItem"}
    assert asked.count("BatchGetItem") <= 300 / BATCH_GET + 4


def test_the_function_tells_how_it_stands_and_counts_what_it_ended(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.add(a_job(status=Status.FAILED), lost=True)
    platform.flows = False
    ports: dict[str, Any] = {"census": platform.recount.census, "canaries": platform.stream, "leftovers": Nothing()}
    parts.replace(counters=platform.counters, clock=platform.clock, **ports)
    context = Invocation(platform.clock, T0 + 30)
    try:
        said = handler({}, context)
        assert (said["phase"], said["judged"]) == ("waiting", False)
        platform.flows = True
        platform.flow()
        capsys.readouterr()
        said = handler({}, Invocation(platform.clock, T0 + 800))
    finally:
        parts.reset()
    assert (said["judged"], said["jobs"], said["repaired"]) == (True, 1, {"email.send#failed": 1})
    written = capsys.readouterr().out
    assert '"CounterDrift":[1.0]' in written
    assert '"Recounted":[1.0]' in written


def test_many_ends_that_are_refused_make_one_metric_line(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        platform.add(a_job(status=Status.FAILED, on_end="test.gone", finished_at=T0))
    platform.clock.now = T0 + 2 * CHECKED_AFTER
    ports: dict[str, Any] = {"census": platform.recount.census, "canaries": platform.stream, "leftovers": Nothing()}
    parts.replace(counters=platform.counters, clock=platform.clock, job_store=platform.store, **ports)
    capsys.readouterr()
    try:
        handler({}, Invocation(platform.clock, platform.clock.now + 30))
    finally:
        parts.reset()
    written = [line for line in capsys.readouterr().out.splitlines() if '"EndRefused"' in line and '"_aws"' in line]
    assert [json.loads(line)["EndRefused"] for line in written] == [[3.0]]


def test_a_recount_goes_on_and_then_tells_that_what_expired_jobs_have_left_could_not_be_removed(
    platform: Platform,
) -> None:
    """No other alarm tells it; and who asks for a recount does not wait for the removal."""
    failing = Nothing(3)
    ports: dict[str, Any] = {"census": platform.recount.census, "canaries": platform.stream, "leftovers": failing}
    parts.replace(counters=platform.counters, clock=platform.clock, **ports)
    try:
        assert handler({"start": True}, Invocation(platform.clock, T0 + 30))["phase"] != "idle"
        assert failing.times == 0
        with pytest.raises(LeftoversFailed):
            handler({}, Invocation(platform.clock, T0 + 30))
    finally:
        parts.reset()
