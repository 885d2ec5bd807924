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

test("the worst is said first", () => {
  expect(judge(numbers({ dead_letter: 1, failed: 9 })).sentence).toBe("1 job gave up and waits for you.");
  expect(judge(numbers({ dead_letter: 2 }, { paused: true })).sentence).toBe(
    "2 jobs gave up and wait for you, and email.send is paused.",
  );
  expect(judge(numbers({ failed: 9 }, { oldestQueuedAgeS: 200 })).sentence).toMatch(
    /^email\.send is behind: .* 3m\.$/,
  );
  expect(judge(numbers({}, { paused: true, oldestQueuedAgeS: 900 })).sentence).toBe("email.send is paused.");
  expect(judge(numbers({ retrying: 2 })).level).toBe("busy");
  expect(judge(numbers())).toEqual({ level: "good", sentence: "All is well, and nothing waits." });
});
