import { expect, test } from "vitest";
import type { Found } from "@/api/numbers/health";
import type { Metrics, TypeNumbers } from "@/api/numbers/metrics";
import { T0 } from "@/test/factories";
import { STATUSES } from "@/jobs/status";
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
  jobs: kind === "errors" ? null : { type: "email.send", status: "queued" },
  ...more,
});
const sentences = (all: Found[], of: Metrics) => judge(all, of, T0).map((finding) => finding.sentence);

test("suspended jobs that nobody woke are told, with a way to the suspended jobs of the type", () => {
  const [first] = judge([found("overdue", { since: T0 - 720_000, jobs: null })], numbers(), T0);
  expect(first).toEqual({
    level: "bad",
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
    "email.send: 198 jobs queued, drains in 5 min.",
  ]);
});

test("a backlog that stands still comes first; one that is told of already is not told twice", () => {
  const late = numbers({}, { oldestQueuedAgeS: 360 });
  const still = "email.send is falling behind: oldest job queued 6 min ago.";
  expect(sentences([found("dead_letters")], late)[0]).toBe(still);
  expect(sentences([found("draining", { drainMs: 1 })], late)).not.toContain(still);
  expect(sentences([], numbers({}, { oldestQueuedAgeS: 900, paused: true }))).not.toContain(still);
});

test("with nothing urgent it says so, and how many jobs are active", () => {
  expect(judge([], numbers(), T0)).toEqual([{ level: "good", sentence: "All healthy. Queues are empty." }]);
  expect(sentences([], numbers({ processing: 3 }))).toEqual(["All healthy. 3 jobs active."]);
  expect(judge([found("draining")], numbers({ queued: 3 }), T0).map(({ level }) => level)).toEqual([
    "good",
    "busy",
  ]);
});

test("older dead letters say how many of them somebody knows of, behind all that is open", () => {
  const some = found("dead_letters", { number: 238, acknowledged: 226, fingerprint: "0123456789ab" });
  expect(sentences([some, found("draining", { number: 1, drainMs: 1 })], numbers())).toEqual([
    "email.send: 238 older dead letters, 12 of them not acknowledged.",
    "email.send: 1 job queued, drains in 1 s.",
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
  for (const kind of ["new_dead_letters", "growing", "paused", "dead_letters"] as const)
    expect(judge([found(kind, { jobs })], numbers(), T0)[0].jobs).toEqual(jobs);
  expect(judge([found("errors")], numbers(), T0)[0].errors).toEqual({ type: "email.send", only: "open" });
});
