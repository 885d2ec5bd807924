import { screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JobType } from "@/api/types";
import { live } from "@/live/live";
import { setPrefs } from "@/session/prefs";
import { showWithin } from "@/test/screen";
import { Budgets } from "./Budgets";
import { BY_BUDGET } from "./budgets";

beforeEach(() => {
  vi.useFakeTimers();
  setPrefs({ poll: 5 });
  live.set({ paused: false });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const NONE = { by_status: {}, total_jobs: 0, queue_length: 0, retry_queue_length: 0, dlq_length: 0 };
const ROW = { type: "email.send", tenant: null, day: null, cost_nano_usd: 12e9 };

test("a pause that begins or ends while the page is open is shown", async () => {
  let paused = false;
  vi.stubGlobal("fetch", (text: string) => {
    const pause = paused
      ? { since: "2027-03-15T22:30:00Z", by: BY_BUDGET, reason: "", next_probe_at: null }
      : null;
    const numbers = { ...NONE, paused, pause, in_flight: 0, oldest_queued_age_s: null };
    const metrics = {
      ...NONE,
      by_type: { "email.send": numbers },
      deploys: [],
      as_of: "2027-03-15T22:30:00Z",
    };
    const usage = { rows: [ROW], total: ROW, dearest: [], truncated: false, prices: "", region: "" };
    return Promise.resolve(Response.json(new URL(text).pathname === "/metrics" ? metrics : usage));
  });
  const type = { type: "email.send", spending: { perDay: 10, warn: 0.8, byTenant: false } } as JobType;
  showWithin(<Budgets types={[type]} now={0} />);
  const state = async () => {
    await vi.advanceTimersByTimeAsync(61_000);
    return screen.getByRole("listitem").textContent;
  };
  expect(await state()).toContain("not paused");
  paused = true;
  expect(await state()).toContain("Paused until midnight");
  paused = false;
  expect(await state()).toContain("not paused");
});
