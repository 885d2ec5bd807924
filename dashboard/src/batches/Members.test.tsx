import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { BatchDetail, BatchRound } from "@/api/jobs/batches";
import { showWithin } from "@/test/screen";
import { Members } from "./Members";

afterEach(() => vi.unstubAllGlobals());

const AT = "2026-11-29T00:00:00Z";
const failedJob = (n: number) => ({
  ...{ id: `job-${n}`, type: "email.send", status: "failed", payload: null, payload_bytes: 9, attempts: 3 },
  ...{ max_attempts: 3, gen: 1, error_message: "down", error_class: "Down", created_at: AT, updated_at: AT },
  ...{ started_at: AT, finished_at: AT, tags: [], steps: 0, round: 1 },
});

function show(jobs: object[], ids: string[], next_cursor: string | null = null, chosen = false) {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(Response.json({ jobs, total: null, next_cursor, looked: 100 })),
  );
  const round = { round: 1, state: "ended", total: 200, endedAt: 1, failedIds: ids } as BatchRound;
  const batch = { id: "b", state: "ended", newest: round, rounds: [round] } as unknown as BatchDetail;
  showWithin(<Members batch={batch} round={round} chosen={chosen} />);
}

test("failed members that are not in the list are counted", async () => {
  show(
    Array.from({ length: 62 }, (_, n) => failedJob(n)),
    Array.from({ length: 53 }, (_, n) => `gone-${n}`),
  );
  await screen.findByText("And 12 more.");
  expect(screen.getByText(/And 3 more\./)).toBeTruthy();
});

test("a round of which no member was found in a part of the batch is not called empty", async () => {
  show([], [], "more", true);
  await screen.findByText(/Only the first 1,000 members of the batch were searched/);
  expect(screen.queryByText("No members")).toBeNull();
});

test("a group of a part of the members says that its list may have more", async () => {
  show([failedJob(1)], [], "more");
  await screen.findByRole("link", { name: "List: at least 10 jobs, Failed" });
});

test("members that could not be loaded can be asked for again", async () => {
  show([], []);
  let asked = 0;
  vi.stubGlobal("fetch", () => {
    asked++;
    return Promise.resolve(Response.json({ title: "No", detail: "No access" }, { status: 403 }));
  });
  const again = await screen.findByRole("button", { name: "Retry" });
  const before = asked;
  await userEvent.setup().click(again);
  expect(asked).toBeGreaterThan(before);
});
