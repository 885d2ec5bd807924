import { expect, test } from "vitest";
import type { Metrics, TypeNumbers } from "@/api/metrics";
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
    byType: { "email.send": { ...common, oldestQueuedAgeS: null, inFlight: 0, paused: false, ...type } },
    asOf: T0,
  };
};

const sentences = (of: Metrics) => judge(of).map((finding) => finding.sentence);

test("the most urgent comes first, and nothing hides behind it", () => {
  expect(sentences(numbers({ dead_letter: 1, failed: 9 }, { oldestQueuedAgeS: 360 }))).toEqual([
    "email.send is falling behind: oldest job queued 6 min ago.",
    "1 dead-lettered job needs attention.",
    "9 failed jobs to review.",
  ]);
  expect(sentences(numbers({ dead_letter: 2 }, { paused: true, oldestQueuedAgeS: 900 }))).toEqual([
    "2 dead-lettered jobs need attention.",
    "email.send is paused.",
  ]);
  expect(judge(numbers({ retrying: 2 }))[0].level).toBe("busy");
});

test("with nothing to report it says so, and how many jobs are active", () => {
  expect(judge(numbers())).toEqual([{ level: "good", sentence: "All healthy. Queues are empty." }]);
  expect(sentences(numbers({ processing: 3 }))).toEqual(["All healthy. 3 jobs active."]);
  expect(sentences(numbers({}, { oldestQueuedAgeS: 59 }))).toEqual(["All healthy. Queues are empty."]);
});

test("a finding leads to its jobs", () => {
  expect(judge(numbers({}, { oldestQueuedAgeS: 100 }))[0]).toMatchObject({
    level: "warn",
    search: { type: "email.send", status: "queued" },
  });
});
