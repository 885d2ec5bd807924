import type { WireMeta } from "@/api/wire";

/**
 * An answer of GET /meta, for tests and for the fake API. The browser test "what a status allows" compares it with the
 * real answer.
 */
export const META: WireMeta = {
  statuses: {
    all: [
      "queued",
      "scheduled",
      "processing",
      "retrying",
      "suspended",
      "blocked",
      "completed",
      "failed",
      "dead_letter",
      "cancelled",
    ],
    waiting: ["queued", "scheduled", "retrying", "suspended", "blocked"],
    active: ["queued", "scheduled", "processing", "retrying", "suspended", "blocked"],
    retryable: ["failed", "dead_letter", "cancelled"],
    cancellable: ["queued", "scheduled", "processing", "retrying", "suspended", "blocked"],
    planned: ["scheduled", "retrying"],
    discardable: ["failed", "dead_letter"],
    finished: ["completed", "failed", "dead_letter", "cancelled"],
  },
  limits: {
    max_attempts: 30,
    max_delay_s: 31_536_000,
    batch_jobs: 25,
    bulk_jobs: 100,
    tags: 10,
    list_value_bytes: 500,
  },
};
