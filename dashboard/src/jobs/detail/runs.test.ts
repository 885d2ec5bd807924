import { describe, expect, it } from "vitest";
import { attempt, detail } from "@/test/factories";
import { retries, runName, whyGivenBack } from "./runs";

describe("the name of a run", () => {
  it("counts retries from the first run", () => {
    const job = { gen: 3, history: [attempt(1, { gen: 1 }), attempt(1, { gen: 3 })] };
    expect(retries(job)).toBe(2);
    expect([1, 2, 3].map((gen) => runName(gen, job))).toEqual(["First run", "Retry 1", "Retry 2"]);
  });

  it("does not count replacements of a job that waited", () => {
    expect(retries({ gen: 4, history: [] })).toBe(0);
    const job = { gen: 5, history: [attempt(1, { gen: 4 }), attempt(1, { gen: 5 })] };
    expect([runName(4, job), runName(5, job)]).toEqual(["First run", "Retry 1"]);
  });
});

describe("why an attempt was given back", () => {
  const why = "Today's schema refuses the stored payload; give the type a `Changes(upgrade=…)`.";
  const deferred = attempt(1, { outcome: "deferred" });

  it("is said beside the time of the next one", () => {
    expect(whyGivenBack(detail("retrying", [attempt(1), deferred], { why }))).toBe(why);
  });

  it("is not said of an attempt that failed: its error is", () => {
    expect(whyGivenBack(detail("retrying", [deferred, attempt(2)], { why }))).toBeNull();
    expect(whyGivenBack(detail("scheduled", [], { why }))).toBeNull();
  });
});
