import { expect, test } from "vitest";
import type { Found } from "@/api/numbers/health";
import type { Metrics, TypeNumbers } from "@/api/numbers/metrics";
import { T0 } from "@/test/factories";
import { STATUSES } from "@/jobs/status";
import { endOf } from "./failingSchedules";
import { judge } from "./health";

const none = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Metrics["byStatus"];
const numbers = (more: Partial<Metrics["byStatus"]> = {}, type: Partial<TypeNumbers> = {}): Metrics => {
  const common = {
    byStatus: { ...none, ...more },
    total: 0,
    queueLength: 0,
    retryQueueLength: 0,
    dlqLength: 0,
  };
  return {
    ...common,
    byType: {
      "email.send": {
        ...common,
        oldestQueuedAgeS: null,
        inFlight: 0,
        paused: false,
        pacedForS: null,
        pause: null,
        ...type,
      },
    },
    deploys: [],
    asOf: T0,
  };
};

const found = (kind: Found["kind"], more: Partial<Found> = {}): Found => ({
  kind,
  type: "email.send",
  number: 3,
  growthPerMinute: null,
  drainMs: null,
  since: null,
  acknowledged: null,
  fingerprint: null,
  limit: null,
  jobs: kind === "errors" ? null : { type: "email.send", status: "queued" },
  ...more,
});
const sentences = (all: Found[], of: Metrics) => judge(all, of, T0).map((finding) => finding.sentence);

test("a schedule that fails is told for its time, and no longer when all errors of its type are acknowledged", () => {
  const failing = [{ id: "nightly", type: "email.send", failed: 2, until: T0 + 3_600_000 }];
  const told = (open: Found[], now = T0) =>
    judge(open, numbers(), now, failing).filter(({ schedule }) => schedule !== undefined).length;
  expect(told([found("errors")])).toBe(1);
  expect(told([])).toBe(0);
  expect(told([found("errors", { type: "image.process" })])).toBe(0);
  expect(told([found("errors")], T0 + 3_600_000)).toBe(0);
  expect(told([found("dead_letters", { acknowledged: 2 })])).toBe(1);
  expect(told([found("dead_letters", { acknowledged: 3 })])).toBe(0);
});

test("the failure of a weekly schedule is told until it has fired again, that of others for a day", () => {
  const every = (hours: number) => ({
    next: [1, 2].map((n) => ({ at: T0 + n * hours * 3_600_000, local: "" })),
  });
  const hours = (of: Parameters<typeof endOf>[1]) => (endOf(T0, of) - T0) / 3_600_000;
  expect(hours(every(168))).toBeGreaterThan(168);
  expect(hours(every(1))).toBe(24);
  expect(hours({ next: [] })).toBe(24);
  const mondayAndTuesday = [3, 4].map((day) => ({ at: T0 + day * 86_400_000, local: "" }));
  expect(hours({ next: mondayAndTuesday })).toBeGreaterThanOrEqual(6 * 24);
});

test("schedules that could not be read are no warning, and the strip says so", () => {
  expect(judge([], numbers(), T0, null).map(({ level, schedule }) => [level, schedule])).toEqual([
    ["good", undefined],
    ["known", ""],
  ]);
});

test("schedules that fail come after what is worse, and before backlogs that shrink", () => {
  const failing = [{ id: "nightly", type: "email.send", failed: 3, until: T0 + 1 }];
  const told = judge([found("new_dead_letters"), found("draining")], numbers(), T0, failing);
  expect(told.map(({ level, schedule }) => [level, schedule])).toEqual([
    ["bad", undefined],
    ["warn", "nightly"],
    ["busy", undefined],
  ]);
});

test("suspended jobs that nobody woke are told, with a way to the suspended jobs of the type", () => {
  const [first] = judge([found("overdue", { since: T0 - 720_000, jobs: null })], numbers(), T0);
  expect(first).toEqual({
    level: "bad",
    type: "email.send",
    number: "3",
    sentence: "email.send: 3 suspended jobs not woken on time, the first due 12 min ago.",
    jobs: { type: "email.send", status: "suspended" },
  });
});

test("findings are told in the order of the API", () => {
  const all = [
    found("new_dead_letters"),
    found("growing", { growthPerMinute: 38.2, since: T0 - 360_000 }),
    found("dead_letters", { number: 226 }),
    found("errors", { number: 1 }),
    found("draining", { number: 198, drainMs: 300_000 }),
  ];
  expect(sentences(all, numbers())).toEqual([
    "email.send: 3 new dead letters in the last hour.",
    "email.send is growing by 38 a minute, oldest job queued 6 min ago.",
    "email.send: 226 older dead letters.",
    "email.send: 1 error group to review.",
    "email.send: 198 jobs queued, empty in about 5 min.",
  ]);
});

test("a backlog that stands still comes first; one that is told of already is not told twice", () => {
  const late = numbers({}, { oldestQueuedAgeS: 360 });
  const still = "email.send is falling behind: oldest job queued 6 min ago.";
  expect(sentences([found("dead_letters")], late)[0]).toBe(still);
  expect(sentences([found("draining", { drainMs: 1 })], late)).not.toContain(still);
  expect(sentences([], numbers({}, { oldestQueuedAgeS: 900, paused: true }))).not.toContain(still);
});

test("the cause of a backlog is told, and not the backlog beside it", () => {
  const late = numbers({}, { oldestQueuedAgeS: 600 });
  for (const kind of ["not_starting", "in_flight"] as const) {
    const told = judge([found(kind), found("errors")], late, T0);
    expect(told.map(({ level }) => level)).toEqual(["bad", "warn"]);
    expect(told[0].sentence).toEqual(judge([found(kind)], numbers(), T0)[0].sentence);
  }
});

test("with nothing urgent it says so, and how many jobs are unfinished", () => {
  expect(judge([], numbers(), T0)).toEqual([{ level: "good", sentence: "All healthy. Queues are empty." }]);
  expect(sentences([], numbers({ processing: 3 }))).toEqual(["All healthy. 3 unfinished jobs."]);
  expect(judge([found("draining")], numbers({ queued: 3 }), T0).map(({ level }) => level)).toEqual([
    "good",
    "busy",
  ]);
});

test("older dead letters say how many of them somebody knows of, behind all that is open", () => {
  const some = found("dead_letters", { number: 238, acknowledged: 226, fingerprint: "0123456789ab" });
  expect(sentences([some, found("draining", { number: 1, drainMs: 1 })], numbers())).toEqual([
    "email.send: 238 older dead letters, 12 of them not acknowledged.",
    "email.send: 1 job queued, empty in about 1 s.",
  ]);
  expect(sentences([{ ...some, acknowledged: 0 }], numbers())).toEqual([
    "email.send: 238 older dead letters, not acknowledged.",
  ]);
  const all = judge([{ ...some, acknowledged: 238 }], numbers(), T0);
  expect(all.map(({ level, sentence }) => [level, sentence])).toEqual([
    ["good", "All healthy. Queues are empty."],
    ["known", "email.send: 238 older dead letters, acknowledged."],
  ]);
  expect(all[1]?.jobs).toEqual(some.jobs);
});

test("where nobody knows how many are acknowledged, they say whether an error is open", () => {
  const all = [found("dead_letters", { number: 226 }), found("errors", { type: "report.generate" })];
  expect(sentences(all, numbers())[0]).toBe("email.send: 226 older dead letters, no open errors in 24 h.");
});

test("a finding leads to just the jobs that it counts, or to errors", () => {
  const jobs = { type: "email.send", status: "dead_letter" as const, ended: T0 - 3_600_000 };
  for (const kind of ["new_dead_letters", "dead_letters"] as const)
    expect(judge([found(kind, { jobs })], numbers(), T0)[0]).toMatchObject({
      jobs,
      number: "3",
      help: "retry",
    });
  expect(judge([found("errors")], numbers(), T0)[0].errors).toEqual({ type: "email.send", only: "open" });
});

test("a finding about a queue leads to the page that says why, and a pause can be ended", () => {
  const [stuck] = judge([found("not_starting", { number: 2 })], numbers(), T0);
  expect(stuck).toMatchObject({ level: "bad", page: "email.send", number: "2" });
  expect(stuck.sentence).toContain("2 jobs queued");
  const [scheduled] = judge([found("oldest_job", { number: 0 })], numbers(), T0);
  expect(scheduled.sentence).not.toContain("0 jobs");
  const [growing] = judge([found("growing", { growthPerMinute: 38.2 })], numbers(), T0);
  expect(growing).toMatchObject({ page: "email.send", number: "+38/min" });
  const pause = { since: T0, by: "ada", reason: "" };
  const [paused] = judge([found("paused", { number: 40 })], numbers({}, { paused: true, pause }), T0);
  expect(paused).toMatchObject({
    sentence: "email.send is paused by ada: 40 jobs wait.",
    page: "email.send",
    help: "resume",
  });
});
