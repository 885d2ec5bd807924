import { expect, test } from "vitest";
import { attempt, detail } from "@/test/factories";
import { attemptOf, sinceDeploy } from "./samples";

test("an error is there since the last deployment before it, if that is within the time shown", () => {
  const deploys = [100, 200, 300].map((at) => ({ at, version: `v${at}` }));
  expect(sinceDeploy({ firstSeen: 250 }, deploys, 50)?.version).toBe("v200");
  expect(
    sinceDeploy({ firstSeen: 250 }, deploys, 220),
    "it may be older than the time shown",
  ).toBeUndefined();
  expect(sinceDeploy({ firstSeen: 90 }, deploys, 50)).toBeUndefined();
});

test("of a job's attempts the last one with the error and a stack is compared", () => {
  const job = detail("failed", [
    attempt(1, { stack: "first" }),
    attempt(2, { stack: "second" }),
    attempt(3),
    attempt(4, { errorClass: "Other", stack: "other" }),
  ]);
  expect(attemptOf(job, "Oops")?.stack).toBe("second");
  expect(attemptOf(detail("failed", [attempt(1)]), "Oops")?.attempt).toBe(1);
  expect(attemptOf(job, "Never")).toBeUndefined();
});
