import { expect, test } from "vitest";
import type { ChangedJob } from "@/api/jobs/bulkOutcome";
import { STATUSES } from "@/jobs/status";
import { byFate } from "./outcome";

const job = (id: string, status: ChangedJob["status"]): ChangedJob => ({
  id,
  type: "a.b",
  status,
  errorClass: null,
});

test("each job has one end: it completed, failed again, is still under way, or was cancelled", () => {
  const found = byFate(STATUSES.map((status, at) => job(String(at), status)));
  expect(Object.values(found).flat()).toHaveLength(STATUSES.length);
  expect(found.completed.map(({ status }) => status)).toEqual(["completed"]);
  expect(found.again.map(({ status }) => status)).toEqual(["failed", "dead_letter"]);
  expect(found.cancelled.map(({ status }) => status)).toEqual(["cancelled"]);
});
