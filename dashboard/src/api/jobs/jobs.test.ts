import { expect, test, vi } from "vitest";
import { firstJobs } from "./jobs";

test("the first members of a round are searched in a limited number of pages, and how far is said", async () => {
  let requests = 0;
  vi.stubGlobal("fetch", () => {
    if (++requests > 50) return Promise.reject(new Error("this search has no end"));
    return Promise.resolve(Response.json({ jobs: [], total: null, next_cursor: "more", looked: 100 }));
  });
  expect(await firstJobs({ batch: "b", round: 2 })).toEqual({ jobs: [], more: true, looked: 100 * requests });
  expect(requests).toBeLessThanOrEqual(10);
});
