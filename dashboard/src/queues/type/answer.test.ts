import { expect, test } from "vitest";
import type { Flow } from "@/api/numbers/flow";
import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { STATUSES } from "@/jobs/status";
import { why, workersOf } from "./answer";

const none = Object.fromEntries(STATUSES.map((status) => [status, 0])) as TypeNumbers["byStatus"];
const numbers = (queued: number, more: Partial<TypeNumbers> = {}, processing = 0): TypeNumbers => ({
  byStatus: { ...none, queued, processing },
  total: queued,
  queueLength: queued,
  retryQueueLength: 0,
  dlqLength: 0,
  inFlight: 0,
  oldestQueuedAgeS: queued > 0 ? 120 : null,
  paused: false,
  pause: null,
  pacedForS: null,
  ...more,
});
const flow = (more: Partial<Flow> = {}): Flow => ({
  arrivals: 150,
  starts: 120,
  ends: 120,
  growth: 30,
  drainMs: null,
  run: { mean: 1000, p50: 900, p95: 2000 },
  wait: { mean: 100, p50: 100, p95: 200 },
  lastHour: { completed: 1000, failed: 0, retried: 0, deadLettered: 0 },
  completedByMinute: [],
  ...more,
});
const kind = (more: Partial<JobType> = {}) =>
  ({ type: "a.b", queue: null, rate: null, serialBy: null, concurrency: 2, ...more }) as JobType;
const busy = { busy: 2, all: 2 };

test("a type whose workers are all busy says how much its backlog grows and how many would keep up", () => {
  const answer = why(kind(), numbers(500), flow(), busy);
  expect(answer.text).toBe(
    "2 of 2 workers busy, 1.0 s a job: starts 120 a minute, 150 arrive; the backlog of 500 grows by 30 a minute.",
  );
  expect(answer.help).toContain("concurrency=3 instead of 2");
  expect(answer.tone).toBe("bad");
});

test("a backlog that shrinks needs nobody, and says when it is empty", () => {
  const answer = why(
    kind(),
    numbers(60, { oldestQueuedAgeS: 10 }),
    flow({ growth: -30, drainMs: 120_000 }),
    busy,
  );
  expect(answer.text).toContain("the backlog of 60 shrinks by 30 a minute, empty in about 2 min.");
  expect(answer.help).toBeNull();
  expect(answer.tone).toBe("busy");
});

test("a paused type does not pretend that its workers are the reason", () => {
  const answer = why(kind(), numbers(9, { paused: true }), flow({ starts: 0, growth: 3, arrivals: 3 }), busy);
  expect(answer.text).toBe(
    "Paused: nothing starts, 3 a minute arrive; the backlog of 9 grows by 3 a minute.",
  );
  expect(answer.help).toContain("Resume");
});

test("of a paused type nobody says that its backlog moves or stays", () => {
  const answer = why(kind(), numbers(1, { paused: true }), flow({ starts: 0, growth: 0, arrivals: 4 }), busy);
  expect(answer.text).toBe("Paused: nothing starts, 4 a minute arrive; 1 job waits.");
});

test("failures, a rate and keys are named when they are the reason", () => {
  const failing = flow({ lastHour: { completed: 60, failed: 0, retried: 30, deadLettered: 10 } });
  expect(why(kind(), numbers(5), failing, busy)).toMatchObject({ leads: "errors" });
  const paced = kind({ rate: { n: 2, per: 1, burst: 0 } });
  expect(why(paced, numbers(5), flow(), { busy: 0, all: 2 }).help).toContain("2 a second");
  expect(why(kind({ serialBy: "customer" }), numbers(5), flow(), { busy: 1, all: 2 }).help).toContain(
    "customer",
  );
  expect(why(kind(), numbers(5), flow(), { busy: 0, all: 2 })).toMatchObject({ leads: "queued" });
});

test("a quiet type says so", () => {
  const quiet = flow({ arrivals: 0, starts: 0, growth: 0, run: { mean: null, p50: null, p95: null } });
  expect(why(kind(), numbers(0), quiet, { busy: 0, all: 2 })).toEqual({
    tone: "good",
    text: "0 of 2 workers busy: no job arrived or started in the last 5 minutes; no job waits.",
    help: null,
    leads: null,
  });
});

test("types of one queue share its workers", () => {
  const [a, b] = [kind({ type: "a.b", queue: "mail" }), kind({ type: "c.d", queue: "mail" })];
  const byType = { "a.b": numbers(0, {}, 1), "c.d": numbers(0, {}, 1) };
  expect(workersOf(a, [a, b], byType)).toEqual({ busy: 2, all: 2 });
});
