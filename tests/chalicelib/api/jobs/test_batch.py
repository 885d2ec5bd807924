"""Test POST /jobs/batch."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Message
from tests.chalicelib.api.support import BODY, Clock, World

ELSE = {**BODY, "type": "test.other"}


class Recording(MemoryJobQueue):
    """A queue that records each request, needs time for it, and can lose messages."""

    def __init__(self, clock: Clock, seconds: float = 0) -> None:
        super().__init__()
        self.time, self.seconds = clock, seconds
        self.batches: list[list[str]] = []
        self.singles = 0
        self.delays: list[int] = []
        self.loses: set[int] = set()
        self.down = False

    def send(self, message: Message, delay: int = 0) -> None:
        self.singles += 1
        super().send(message, delay)

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        if self.down:
            raise ConnectionError
        self.time.now += self.seconds
        self.batches.append([message.type for message in messages])
        self.delays += [(delays or {}).get(message.id, 0) for message in messages]
        return [message for place, message in enumerate(messages) if place in self.loses]


class Failing(MemoryJobStore):
    """A store that fails from its nth job on."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes

    def add(self, job: Job) -> None:
        if self.takes == 0:
            raise ConnectionError
        self.takes -= 1
        super().add(job)


class Slow(MemoryJobStore):
    """A store that needs four seconds for each job."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.time = clock

    def add(self, job: Job) -> None:
        self.time.now += 4
        super().add(job)


@pytest.fixture
def queue(clock: Clock) -> Recording:
    return Recording(clock)


@pytest.fixture
def batched(world: World, clock: Clock, queue: Recording) -> World:
    """An API whose queue records requests."""
    return World(clock, parts={"job_queue": queue})


class TestBatch:
    def test_each_job_has_its_own_answer_in_its_place(self, world: World) -> None:
        jobs = [BODY, {**BODY, "type": "no.such"}, {**BODY, "payload": {"to": [1]}}, {"payload": {}}, ELSE]
        answer = world.post("/jobs/batch", {"jobs": jobs})
        results = answer.json["results"]
        assert answer.status == 200
        assert [result["status"] for result in results] == [201, 422, 422, 422, 201]
        assert [result["problem"] and result["problem"]["errors"][0]["loc"] for result in results] == [
            None, ["type"], ["payload", "to", 0], ["type"], None,
        ]  # fmt: skip
        assert sum(world.store.totals().values()) == 2
        assert "idempotent-replayed" not in answer.headers

    def test_messages_go_out_by_type_in_tens_and_are_marked(self, batched: World, queue: Recording) -> None:
        answer = batched.post("/jobs/batch", {"jobs": [BODY] * 13 + [ELSE] * 12})
        assert [(len(set(batch)), batch[0], len(batch)) for batch in queue.batches] == [
            (1, "test.note", 10), (1, "test.note", 3), (1, "test.other", 10), (1, "test.other", 2),
        ]  # fmt: skip
        assert queue.singles == 0
        assert all(batched.store.get(result["job"]["id"]).sent for result in answer.json["results"])

    @pytest.mark.parametrize(("down", "sent"), [(False, [True, False, True]), (True, [False] * 3)])
    def test_jobs_whose_messages_are_lost_are_stored_and_left_unsent_for_the_watchdog(
        self, batched: World, queue: Recording, down: bool, sent: list[bool]
    ) -> None:
        queue.loses, queue.down = {1}, down
        results = batched.post("/jobs/batch", {"jobs": [BODY] * 3}).json["results"]
        assert [result["status"] for result in results] == [201, 201, 201]
        assert [batched.store.get(result["job"]["id"]).sent for result in results] == sent

    def test_when_the_store_fails_on_the_way_what_was_stored_is_told_and_sent(
        self, world: World, queue: Recording
    ) -> None:
        store = Failing(takes=2)
        cut = World(parts={"job_store": store, "job_queue": queue})
        body = {"jobs": [BODY, BODY, BODY, {"payload": {}}, BODY]}
        answer = cut.post("/jobs/batch", body, headers={"Idempotency-Key": "import-7"})
        results = answer.json["results"]
        assert [result["status"] for result in results] == [201, 201, 503, 422, 503]
        assert "again" in results[2]["problem"]["detail"]
        # messages are sent before jobs are stored: the messages of the last two jobs find no job, and are dropped
        assert queue.batches == [["test.note"] * 4]
        assert all(store.get(result["job"]["id"]).sent for result in results[:2])
        store.takes = 9
        again = cut.post("/jobs/batch", body, headers={"Idempotency-Key": "import-7"}).json["results"]
        assert [result["status"] for result in again] == [200, 200, 201, 422, 201]
        nothing = World(parts={"job_store": Failing(takes=0)}).post("/jobs/batch", body)
        assert nothing.status == 500, "an error of the whole request"

    def test_delayed_jobs_go_out_with_their_delay_or_later(self, batched: World, queue: Recording) -> None:
        jobs = [BODY, {**BODY, "delay_seconds": 60}, {**BODY, "delay_seconds": 86_400}]
        results = batched.post("/jobs/batch", {"jobs": jobs}).json["results"]
        assert [result["job"]["status"] for result in results] == ["queued", "scheduled", "scheduled"]
        assert (queue.batches, queue.delays, queue.singles) == ([["test.note"] * 2], [0, 60], 0)
        assert [batched.store.get(result["job"]["id"]).sent for result in results] == [True, True, False]

    def test_when_time_runs_out_what_was_stored_is_told(self, world: World, clock: Clock, queue: Recording) -> None:
        slow = World(clock, parts={"job_store": Slow(clock), "job_queue": queue})
        later = {**BODY, "delay_seconds": 60}
        results = slow.post("/jobs/batch", {"jobs": [BODY, later, BODY, {"payload": {}}, BODY]}).json["results"]
        assert [result["status"] for result in results] == [201, 201, 201, 422, 503]
        assert (queue.batches, queue.singles) == ([["test.note"] * 4], 0)
        assert all(slow.store.get(result["job"]["id"]).sent for result in results[:3])

    def test_when_a_queue_takes_all_the_time_every_job_is_stored_and_the_watchdog_sends_the_rest(
        self, batched: World, queue: Recording
    ) -> None:
        queue.seconds = 11
        results = batched.post("/jobs/batch", {"jobs": [BODY] * 3 + [ELSE]}).json["results"]
        assert queue.batches == [["test.note"] * 3]
        assert [result["status"] for result in results] == [201] * 4
        assert [batched.store.get(result["job"]["id"]).sent for result in results] == [True] * 3 + [False]

    def test_replays_in_a_batch_send_nothing(self, batched: World, queue: Recording) -> None:
        keyed = [{**BODY, "idempotency_key": name} for name in "ab"]
        batched.post("/jobs/batch", {"jobs": keyed})
        new = {**BODY, "idempotency_key": "c"}
        results = batched.post("/jobs/batch", {"jobs": [*keyed, new]}).json["results"]
        assert [result["status"] for result in results] == [200, 200, 201]
        assert queue.batches == [["test.note"] * 2, ["test.note"]]

    def test_keys_of_the_jobs(self, world: World) -> None:
        keyed, wrong = {**BODY, "idempotency_key": "a"}, {**BODY, "idempotency_key": "a b"}
        first = world.post("/jobs/batch", {"jobs": [keyed, {**keyed, "max_attempts": 9}, keyed, BODY, wrong]})
        results = first.json["results"]
        assert [result["status"] for result in results] == [201, 422, 200, 201, 422]
        assert results[4]["problem"]["errors"][0]["loc"] == ["idempotency_key"]
        alone = world.post("/jobs", BODY, headers={"Idempotency-Key": "a"})
        assert (alone.status, alone.json["id"]) == (200, results[0]["job"]["id"])

    def test_a_key_of_the_whole_request_makes_repeating_it_safe(self, world: World) -> None:
        key, body = {"Idempotency-Key": "import-7"}, {"jobs": [BODY, BODY, ELSE]}
        first, second = world.post("/jobs/batch", body, headers=key), world.post("/jobs/batch", body, headers=key)
        assert [result["status"] for result in first.json["results"]] == [201] * 3
        assert [result["status"] for result in second.json["results"]] == [200] * 3
        assert second.headers["idempotent-replayed"] == "true"
        assert [r["job"]["id"] for r in first.json["results"]] == [r["job"]["id"] for r in second.json["results"]]
        assert len({result["job"]["id"] for result in first.json["results"]}) == 3

    def test_no_key_of_a_single_request_meets_a_job_of_a_batch(self, world: World) -> None:
        [made] = world.post("/jobs/batch", {"jobs": [BODY]}, headers={"Idempotency-Key": "X"}).json["results"]
        for key in ("X#0", "X 0", "X0", "X-0", "X/0", "X:0", "X%200", "X+0"):
            alone = world.post("/jobs", BODY, headers={"Idempotency-Key": key})
            beside = world.post("/jobs/batch", {"jobs": [{**BODY, "idempotency_key": key}]}).json["results"][0]
            assert made["job"]["id"] not in {answer.get("id") for answer in (alone.json, beside.get("job") or {})}

    def test_a_job_of_a_batch_is_found_by_the_key_that_it_tells(self, world: World) -> None:
        sent = world.post("/jobs/batch", {"jobs": [BODY, BODY]}, headers={"Idempotency-Key": "X"})
        for job in [one["job"] for one in sent.json["results"]]:
            [found] = world.get(f"/jobs?idempotency_key={quote(job['idempotency_key'])}").json["jobs"]
            assert found["id"] == job["id"]

    def test_a_batch_that_is_none_is_refused_whole(self, world: World) -> None:
        for jobs, loc in (([], ["jobs"]), ([BODY] * 26, ["jobs"]), ([BODY, 1], ["jobs", 1])):
            answer = world.post("/jobs/batch", {"jobs": jobs})
            assert (answer.status, answer.locs) == (422, [loc])
        assert world.store.totals() == {}
