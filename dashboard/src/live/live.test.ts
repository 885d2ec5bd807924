import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connection } from "@/api/client";
import { moved } from "@/api/movement";
import { setPrefs } from "@/session/prefs";
import { live, pollInterval, togglePaused } from "./live";

const hide = (hidden: boolean) => vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);

beforeEach(() => {
  setPrefs({ poll: 2 });
  live.set({ paused: false });
  connection.set({ lastOk: null, downSince: null });
  hide(false);
  moved();
});
afterEach(() => vi.useRealTimers());

test("it asks as often as chosen, less often for what costs more", () => {
  expect([pollInterval(), pollInterval({ atLeast: 5000 })]).toEqual([2000, 5000]);
  setPrefs({ poll: 60 });
  expect([pollInterval(), pollInterval({ atLeast: 5000 })]).toEqual([60_000, 60_000]);
});

test("a hidden tab asks once a minute at most", () => {
  hide(true);
  expect([pollInterval(), pollInterval({ atLeast: 5000 })]).toEqual([60_000, 60_000]);
});

test("a pause asks for nothing", () => {
  togglePaused();
  expect(pollInterval()).toBe(false);
});

test("while the API is away it is asked at least every five seconds, so that its return is noticed", () => {
  setPrefs({ poll: 60 });
  connection.set({ lastOk: null, downSince: 1 });
  expect([pollInterval(), pollInterval({ atLeast: 30_000 })]).toEqual([5000, 5000]);
});

test("while nothing moves it asks less often, down to every 30 seconds, and at once after a movement", () => {
  vi.useFakeTimers();
  moved();
  const after = (seconds: number) => {
    vi.advanceTimersByTime(seconds * 1000);
    return pollInterval();
  };
  expect([after(0), after(8), after(22), after(90)]).toEqual([2000, 4000, 8000, 30_000]);
  expect(pollInterval({ calm: 300_000 })).toBe(32_000);
  expect(pollInterval({ busy: true })).toBe(2000);
  moved();
  expect(pollInterval()).toBe(2000);
});
