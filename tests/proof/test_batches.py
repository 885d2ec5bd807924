"""Prove that each round of a batch makes one job after its last member, whatever dies, repeats or is late.

A process may end before and after each call of a port. The stream has two shards, whose changes are read late, one by
one or together, and again. Members end, are retried and are closed in every order.
"""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from chalicelib.batches.batches import Batches, Notice
from chalicelib.batches.constants import AGAIN_AFTER, MISSING_AFTER, QUIET
from chalicelib.batches.round import Counts, Round
from chalicelib.errors import BatchConflict, JobConflict, MoveRefused
from chalicelib.producing.submission import Submission
from tests.chalicelib.batches.bench import SHARDS, WEBHOOKS, Bench, Dead, Refused, types

ENDED_WITHIN = 1800
"""Seconds within which a closed batch ends without the stream, after its last member."""
LEFT_ENDED_WITHIN = int(MISSING_AFTER + QUIET) + 300
"""Seconds within which also a round ends whose members were retried once more: it is closed, and checked an hour after
that, or at the next check."""
Step = Callable[[Bench], object]
Story = Sequence[Step]


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    with types():
        yield


def end(*names: str, failed: bool = False) -> Step:
    return lambda bench: bench.end(*names, failed=failed)


def retry(name: str, bulk: str | None = None) -> Step:
    return lambda bench: bench.retry(name, bulk)


def close(total: int | None) -> Step:
    return lambda bench: bench.batches.close("b-1", total)


def close_in_worker(total: int) -> Step:
    """Close the batch as `ctx.batch` does: a worker may not read the webhooks."""
    return lambda bench: replace(bench.batches, notice=None).close("b-1", total)


def follow(bench: Bench) -> None:
    bench.follow(most=2)


def watch(bench: Bench) -> None:
    bench.clock.advance(QUIET)
    bench.batches.look_after()


def moved(bench: Bench) -> None:
    """Let the bulk action end."""
    bench.moving.clear()


def moving(bench: Bench) -> None:
    """Let a bulk action begin to retry."""
    bench.moving.add("bulk-1")


MAKE: Story = [lambda bench: bench.make("a", "b", "c")]
STORIES: dict[str, Story] = {
    "all complete": [*MAKE, end("a"), follow, end("b", "c"), follow],
    "one fails": [*MAKE, end("a", failed=True), follow, end("b", "c"), follow],
    "one is cancelled": [*MAKE, end("a", "b"), lambda bench: bench.cancel("c"), follow],
    "closed last": [
        lambda bench: bench.make("a", "b", total=-1), end("a", "b"), follow, close(2),
    ],
    "closed without a total": [
        lambda bench: bench.make("a", "b", total=-1), end("a"), close(None), watch,
        end("b"), follow,
    ],
    "empty": [lambda bench: bench.make()],
    "the stream is silent": [*MAKE, end("a", "b"), end("c", failed=True), watch, watch],
    "retried by hand": [*MAKE, end("a", "b", failed=True), end("c"), follow, retry("a"), end("a"), follow],
    "retried before the stream told": [
        *MAKE, end("a", "b", "c", failed=True), retry("a"), end("a"), retry("b"), follow,
    ],
    "retried again while its round is filled": [
        *MAKE, end("a", "b", "c", failed=True), moving, retry("a", "bulk-1"), end("a", failed=True), follow, retry("a"),
        retry("b", "bulk-1"), moved, watch, retry("a"), end("a", "b"), follow,
    ],
    "retried by two in turn": [
        *MAKE, end("a", "b", "c", failed=True), moving, retry("a", "bulk-1"), retry("b"), retry("c", "bulk-1"), follow,
        end("a", "b"), moved, watch, end("c"), follow,
    ],
    "webhooks are told": [
        lambda bench: bench.make("a", "b", notify=WEBHOOKS), end("a", failed=True), end("b"), follow, retry("a"),
        end("a"), follow,
    ],
    "webhooks are told of a batch that a worker closes": [
        lambda bench: bench.make("a", total=-1, notify=WEBHOOKS), end("a"), follow, close_in_worker(1), watch,
    ],
    "webhooks are told in the silence of the stream": [
        lambda bench: bench.make("a", "b", notify=WEBHOOKS), end("a", "b"), watch, watch,
    ],
    "retried in bulk": [
        *MAKE, end("a", "b", "c", failed=True), follow, moving, retry("a", "bulk-1"), retry("b", "bulk-1"),
        end("a"), follow, moved, watch, end("b"), follow,
    ],
}  # fmt: skip


def play(bench: Bench, story: Story) -> None:
    """Play a story: a step whose process dies is repeated, as its caller or Lambda does."""
    for step in story:
        # done before the process died, or not possible now, also because an earlier step was refused
        with suppress(JobConflict, BatchConflict, MoveRefused):
            try:
                step(bench)
            except (Dead, Refused):
                step(bench)


def come_to_rest(bench: Bench) -> None:
    """Let the stream deliver everything once more, and let the watchdog run for some hours."""
    bench.dies_at = -1
    for job in map(bench.store.get, bench.store.made()):
        if job.batch is not None and not job.terminal:
            bench.end(job.payload["name"])
    bench.moving.clear()
    for _ in range(12):
        bench.clock.advance(QUIET + AGAIN_AFTER)
        bench.batches.look_after()
        bench.read = [0] * SHARDS
        bench.follow()


def late_without_stream(bench: Bench) -> list[str]:
    """Return the rounds that have not ended in time after the last member, with the watchdog but no stream.

    A member that was retried again, also into an earlier round of a bulk action, does not say that it ended here.
    Without the stream, such a round ends an hour after its last change.
    """
    bench.dies_at = -1
    for job in map(bench.store.get, bench.store.made()):
        if job.batch is not None and not job.terminal:
            bench.end(job.payload["name"])
    bench.moving.clear()
    moves = [(one.before, one.after) for shard in bench.store.changed for one in shard]
    left = {was.round for was, now in moves if was and now and was.batch and was.round != now.round} - {1}
    late = []
    for minute in range(1, LEFT_ENDED_WITHIN // 60 + 1):
        bench.clock.advance(60)
        bench.batches.look_after()
        if minute * 60 in (ENDED_WITHIN, LEFT_ENDED_WITHIN):
            late += [
                f"round {one.number} has not ended after {minute * 60} s" for one in bench.rows.rounds("b-1", 99)
                if one.ended_at is None and (minute * 60 == LEFT_ENDED_WITHIN or one.number not in left)
            ]  # fmt: skip
    return late


def broken(bench: Bench) -> list[str]:
    """Return what is wrong at the end: each round that had members is told once, also to its webhooks, and ended."""
    told, delivered = Counter(one.round for one in bench.told()), bench.delivered()
    wrong = [f"then before the end of {one}" for one in bench.store.early]
    for one in bench.rows.rounds("b-1", 99):
        members = {
            change.after.id for shard in bench.store.changed for change in shard
            if change.after is not None and change.after.batch and change.after.round == one.number
        }  # fmt: skip
        due = 1 if members or one.number == 1 else 0
        if told[one.number] != due:
            wrong.append(f"round {one.number} with {len(members)} members is told {told[one.number]} times")
        wrong += [
            f"I39 round {one.number} is delivered {delivered[one.number, name]} times to {name}"
            for name in one.notify if delivered[one.number, name] != due
        ]  # fmt: skip
        if one.ended_at is None:
            wrong.append(f"round {one.number} has not ended")
        if one.done != len(members):
            wrong.append(f"round {one.number} counts {one.done} of {len(members)} members")
    return wrong


@pytest.mark.parametrize("how", [Dead, Refused])
@pytest.mark.parametrize("name", STORIES)
def test_every_crash_point(name: str, how: type[BaseException], whole: bool) -> None:
    """At each point, the process dies, or the request is refused, or its reply is lost."""
    quiet = Bench()
    play(quiet, STORIES[name])
    first = 1 if whole else 1 + (list(STORIES).index(name) + (how is Refused)) % 3
    for point in range(first, quiet.points + 1, 1 if whole else 3):
        bench = Bench(dies_at=point, how=how)
        play(bench, STORIES[name])
        come_to_rest(bench)
        assert not broken(bench), (name, point)


@pytest.mark.parametrize("how", [Dead, Refused])
@pytest.mark.parametrize("name", STORIES)
def test_a_closed_batch_ends_within_half_an_hour_without_the_stream(
    name: str, how: type[BaseException], whole: bool
) -> None:
    """The stream delivers nothing after the story, and everything when the batch has ended."""
    quiet = Bench()
    play(quiet, STORIES[name])
    for point in range(0, quiet.points + 1, 1 if whole else 4):
        bench = Bench(dies_at=point, how=how)
        play(bench, STORIES[name])
        assert not late_without_stream(bench), (name, point)
        come_to_rest(bench)
        assert not broken(bench), (name, point)


def test_a_watchdog_that_leaves_a_silent_round_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If only an hour of silence ends a round, the rounds are late."""
    monkeypatch.setattr("chalicelib.batches.rule.QUIET", MISSING_AFTER)
    bench = Bench()
    play(bench, STORIES["the stream is silent"][:3])
    assert late_without_stream(bench) == [f"round 1 has not ended after {ENDED_WITHIN} s"]


def test_a_round_that_is_never_given_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that waits for ever for a member that has left it is late."""
    monkeypatch.setattr("chalicelib.batches.rule.MISSING_AFTER", math.inf)
    bench = Bench()
    play(bench, [*MAKE, end("a", "b", "c", failed=True), follow, retry("a"), end("a", failed=True), retry("a")])
    assert late_without_stream(bench) == [f"round 2 has not ended after {LEFT_ENDED_WITHIN} s"]


def orders(lines: Sequence[Sequence[Step]]) -> Iterator[Sequence[Step]]:
    """Yield every order of the steps that keeps the order of each line."""
    places = [place for place, line in enumerate(lines) for _ in line]
    for order in dict.fromkeys(itertools.permutations(places)):
        left = [iter(line) for line in lines]
        yield [next(left[place]) for place in order]


def read(shard: int, most: int) -> Step:
    return lambda bench: bench.follow(shard, most)


def in_order(*steps: Step) -> Sequence[Step]:
    return steps


@pytest.mark.parametrize("most", [1, 2, 9])
def test_close_and_the_last_members_in_every_order(most: int, whole: bool) -> None:
    start: Story = [lambda bench: bench.make("a", "b", total=-1)]
    lines = [in_order(end("a")), in_order(end("b", failed=True)), in_order(close(2))]
    lines += [in_order(read(shard, most), read(shard, most)) for shard in range(SHARDS)]
    played = 0
    for order in itertools.islice(orders(lines), 0, None, 1 if whole else 9):
        bench = Bench()
        play(bench, [*start, *order])
        come_to_rest(bench)
        assert not broken(bench), order
        played += 1
    assert played > 100


@pytest.mark.parametrize("most", [1, 9])
def test_retries_and_late_changes_in_every_order(most: int, whole: bool) -> None:
    """The first round has ended with two failed members; each is retried, and ends, while the stream is behind."""
    start: Story = [lambda bench: bench.make("a", "b"), end("a", "b", failed=True)]
    lines = [in_order(retry("a"), end("a")), in_order(retry("b"), end("b", failed=True))]
    lines += [in_order(read(shard, most), read(shard, most)) for shard in range(SHARDS)]
    for order in itertools.islice(orders(lines), 0, None, 1 if whole else 31):
        bench = Bench()
        play(bench, [*start, *order])
        come_to_rest(bench)
        assert not broken(bench), order


def begin(bench: Bench) -> None:
    """Let one more bulk action begin; no two have the same id."""
    bench.bulks += 1
    bench.moving.add(f"bulk-{bench.bulks}")


def retry_by_one(name: str) -> Step:
    """Let one of the bulk actions that are under way retry a member."""
    return lambda bench: bench.retry(name, min(bench.moving)) if bench.moving else None


def retry_by_another(name: str) -> Step:
    return lambda bench: bench.retry(name, max(bench.moving)) if bench.moving else None


def forget(bench: Bench) -> None:
    """Let another process go on."""
    bench.batches = replace(bench.batches, mine={})


def steps_of(names: str) -> list[Step]:
    """Return what may happen on a random day, in any order."""
    steps: list[Step] = [follow, watch, moved, begin, begin, forget, *(read(shard, 1) for shard in range(SHARDS))]
    for name in names:
        steps += [end(name), end(name, failed=True), retry(name), retry_by_one(name), retry_by_another(name)]
        steps.append(partial(Bench.cancel, name=name))
    return steps


@pytest.mark.parametrize("seed", range(20))
def test_random_days(seed: int, whole: bool) -> None:
    """Members end, are cancelled and retried, singly and in bulk; processes die; stream and watchdog are late."""
    for number in range(40 if whole else 4):
        chance = random.Random(f"{seed} {number}")
        names = "abcdef"[: chance.randint(1, 6)]
        total, bench = chance.choice([None, -1]), Bench()
        bench.make(*names, total=total, notify=WEBHOOKS[: number % 3])
        steps = steps_of(names) + ([] if total is None else [close(len(names))])
        for _ in range(60):
            bench.dies_at = bench.points + chance.randint(1, 30)
            with suppress(MoveRefused):
                play(bench, [chance.choice(steps)])
        bench.dies_at = -1
        bench.batches.close("b-1", len(names))
        if number % 2:
            assert not late_without_stream(bench), (seed, number)
        come_to_rest(bench)
        assert not broken(bench), (seed, number)


class MarkFirst(Batches):
    """Writes that the round has ended before it makes the job."""

    def look(self, found: Round, counts: Counts | None = None) -> Round:
        if found.total is not None and found.done >= found.total and found.ended_at is None:
            self.rows.write(found.batch, found.number, {"ended_at": self.service.now(), "due_at": None})
        return super().look(found, counts)


def test_a_mark_before_its_effect_is_found() -> None:
    wrong = []
    for point in range(1, 60):
        bench = Bench(dies_at=point)
        bench.batches = MarkFirst(bench.batches.rows, bench.batches.service, bench.batches.moving, bench.batches.notice)
        play(bench, STORIES["all complete"])
        come_to_rest(bench)
        wrong += broken(bench)
    assert any("is told 0 times" in one for one in wrong)


class WritesCounts(Batches):
    """Writes the numbers that the watchdog has read, to which those of the late stream are added."""

    def look(self, found: Round, read: Counts | None = None) -> Round:
        if read is not None:
            found = self.rows.write(found.batch, found.number, {"done": read.done}) or found
        return super().look(found, read)


def test_a_recount_that_writes_counts_is_found() -> None:
    bench = Bench()
    bench.batches = WritesCounts(bench.batches.rows, bench.batches.service, bench.batches.moving, bench.batches.notice)
    play(bench, STORIES["the stream is silent"])
    come_to_rest(bench)
    assert broken(bench) == ["round 1 counts 6 of 3 members"]


def test_one_counter_for_all_rounds_is_found() -> None:
    """A retried member that stays in its round is counted twice there, or ends the round early."""
    bench = Bench()
    play(bench, [*MAKE, end("a", "b", failed=True), follow])
    for name in "ab":
        held = bench.retry(name)
        bench.store._jobs[held.id] = replace(held, round=1)
    bench.end("a", "b", "c")
    come_to_rest(bench)
    assert any("counts 5 of 3" in one for one in broken(bench))


def delivered_wrongly(faulty: Callable[[Bench], Notice] = lambda bench: bench.maker.tell_round) -> list[str]:
    """Return what is wrong with the deliveries of batches that name webhooks, with an end of the process anywhere."""
    wrong = []
    for name in (name for name in STORIES if name.startswith("webhooks")):
        for point in range(1, 90):
            bench = Bench(dies_at=point)
            bench.batches = replace(bench.batches, notice=faulty(bench))
            play(bench, STORIES[name])
            come_to_rest(bench)
            wrong += [one for one in broken(bench) if one.startswith("I39")]
    return wrong


def test_deliveries_after_the_mark_are_found() -> None:
    def faulty(bench: Bench) -> Notice:
        def mark_first(end: Submission, names: Sequence[str], at: float) -> None:
            ended = {"ended_at": bench.clock.now, "due_at": None}
            bench.batches.rows.write("b-1", cast("dict[str, int]", end.payload)["round"], ended)
            bench.maker.tell_round(end, names, at)

        return mark_first

    assert delivered_wrongly() == []
    assert any("delivered 0 times" in one for one in delivered_wrongly(faulty))


def test_one_delivery_for_all_rounds_is_found() -> None:
    def faulty(bench: Bench) -> Notice:
        return lambda end, names, at: bench.maker.tell_round(replace(end, idempotency_key="b-1"), names, at)

    assert any("round 2 is delivered 0 times" in one for one in delivered_wrongly(faulty))
