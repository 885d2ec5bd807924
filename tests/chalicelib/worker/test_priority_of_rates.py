"""Let jobs of high and low priority wait for the turns of rates, also while they keep places and turns."""

from chalicelib import AtMost, Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.priority import PriorityName
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.ids import declared_limit
from jobflow.testing import WorkerGone
from tests.chalicelib.worker.test_rates import Stage, most_in, stage_of
from tests.chalicelib.worker.test_shared_limits import CHAT, IMAGE, reader_of

MINUTE = Rate(1, per=60)
SHARED = Rate(1, per=60, shared="openai")
PLACES = AtMost(1, shared="gpu")


def submit(stage: Stage, name: str, number: int, priority: PriorityName) -> Job:
    """Let a job wait behind all others."""
    stage.platform.run()
    stage.platform.clock.advance(0.01)
    made = stage.platform.submit(name, {"number": number}, priority=priority)
    stage.platform.run()
    return made


def ranks(stage: Stage, limit: str, name: str) -> list[tuple[str, int]]:
    declared = declared_limit(limit)
    assert declared is not None
    found = stage.platform.workers.places.first(declared, {name}, 9)
    return [(one.job, one.rank) for one in found]


def test_jobs_of_high_priority_get_the_next_turns() -> None:
    given: list[PriorityName] = ["low", "low", "low", "normal", "high"]
    for stage in stage_of({CHAT: [MINUTE]}):
        made = [submit(stage, CHAT, number, one) for number, one in enumerate(given)]
        said = reader_of(stage).explained(made[2].id)[1]  # type: ignore[arg-type]
        assert said == f"It waits for its turn of {CHAT}: 1 a minute; 2 jobs are before it; its priority is low."
        stage.platform.advance(minutes=7)
        # the second low job had its turn before the others came
        assert (stage.statuses(made), stage.numbers) == ({Status.COMPLETED}, [0, 1, 4, 3, 2])
        assert most_in(stage.all_starts(), 60) == 1


def test_types_of_a_shared_rate_each_keep_their_part_and_order_it_by_priority() -> None:
    """A type whose high jobs cannot start must not keep all turns from the others."""
    for stage in stage_of({CHAT: [SHARED], IMAGE: [SHARED]}):
        made = [submit(stage, IMAGE, 0, "normal")]
        for number in range(1, 5):
            made += [submit(stage, CHAT, number, "low"), submit(stage, IMAGE, 10 + number, "normal")]
        made += [submit(stage, CHAT, number, "high") for number in (21, 22)]
        stage.platform.advance(minutes=13)
        assert stage.statuses(made) == {Status.COMPLETED}
        assert most_in(stage.all_starts(), 60) == 1
        # job 1 had its turn before the high ones came
        assert [number for number in stage.numbers if number < 10 or number > 20] == [0, 1, 21, 22, 2, 3, 4]
        begun = stage.numbers.index
        assert any(begun(1) < begun(number) < begun(22) for number in range(11, 15))


def test_a_low_job_that_keeps_its_turn_from_a_high_one_waits_as_high_for_a_place() -> None:
    for stage in stage_of({CHAT: [Rate(1, per=10), PLACES], IMAGE: [PLACES]}, timeout=120):
        platform = stage.platform
        first = submit(stage, CHAT, 0, "normal")
        submit(stage, IMAGE, 1, "normal")
        assert stage.statuses([first]) == {Status.COMPLETED}
        platform.fail(IMAGE, WorkerGone())
        held = submit(stage, IMAGE, 2, "normal")
        low = submit(stage, CHAT, 3, "low")
        platform.advance(seconds=12)
        assert waited_limit(platform.job(low)) == "3.gpu"
        others = [submit(stage, IMAGE, number, "normal") for number in (4, 5)]
        high = submit(stage, CHAT, 6, "high")
        assert waited_limit(platform.job(high)) == f"1-rate.{CHAT}"
        platform.advance(minutes=1)
        assert ranks(stage, "3.gpu", CHAT) == [(low.id, 0), (low.id, 2)]
        platform.advance(minutes=15)
        assert stage.statuses([held, low, *others, high]) == {Status.COMPLETED}
        begun = [number for number in stage.numbers if number > 2]
        assert begun[0] == 3
        assert ranks(stage, "3.gpu", CHAT) == []
        assert not stage.places("3.gpu").held
        assert not stage.places(f"1-rate.{CHAT}").held


def test_a_low_job_that_keeps_a_place_from_a_high_one_waits_as_high_for_its_turn() -> None:
    each = AtMost(1, by="customer")
    for stage in stage_of({CHAT: [each, SHARED], IMAGE: [SHARED]}):
        platform = stage.platform
        others = [submit(stage, IMAGE, number, "normal") for number in range(2)]
        before = submit(stage, CHAT, 2, "normal")
        low = platform.submit(CHAT, {"number": 3, "customer": "globex"}, priority="low")
        platform.run()
        others += [platform.submit(CHAT, {"number": 4, "customer": "other"})]
        platform.run()
        assert waited_limit(platform.job(low)) == "3-rate.openai"
        high = platform.submit(CHAT, {"number": 5, "customer": "globex"}, priority="high")
        platform.run()
        assert waited_limit(platform.job(high)) == f"0.{CHAT}.globex"
        platform.advance(minutes=1)
        assert ranks(stage, "3-rate.openai", CHAT)[0] == (low.id, 0)
        platform.advance(minutes=10)
        assert stage.statuses([*others, before, low, high]) == {Status.COMPLETED}
        chat = [number for number in stage.numbers if number >= 2]
        assert chat == [2, 3, 4, 5]  # job 4 got its turn when job 3 started, before the place was free
        assert ranks(stage, "3-rate.openai", CHAT) == []
        assert not stage.places("3-rate.openai").held
