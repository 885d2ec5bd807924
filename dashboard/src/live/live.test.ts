import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import { createElement, type ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connection } from "@/api/client";
import { moved } from "@/api/movement";
import { ApiError } from "@/api/numbers/errors";
import { setPrefs } from "@/session/prefs";
import { live, pollInterval, SERIES, STEADY, togglePaused, usePolling, WATCHED } from "./live";

const hide = (hidden: boolean) => vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);

beforeEach(() => {
  setPrefs({ poll: 2 });
  live.set({ paused: false });
  connection.set({ lastOk: null, downSince: null, failing: false });
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

test("what the token's scope does not allow is asked once", async () => {
  vi.useFakeTimers();
  const refused = new ApiError(403, { type: "urn:jobflow:problem:out-of-scope" });
  const down = new ApiError(503, {});
  for (const [error, times] of [
    [refused, 1],
    [down, 6],
  ] as const) {
    const ask = vi.fn(() => Promise.reject(error));
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const wrapper = ({ children }: { children: ReactNode }) =>
      createElement(QueryClientProvider, { client }, children);
    const { unmount } = renderHook(() => useQuery({ queryKey: ["x"], queryFn: ask, ...usePolling(STEADY) }), {
      wrapper,
    });
    await vi.advanceTimersByTimeAsync(11_000);
    expect(ask).toHaveBeenCalledTimes(times);
    unmount();
  }
});

test("a pause asks for nothing", () => {
  togglePaused();
  expect(pollInterval()).toBe(false);
});

test("while the API is away it is asked at least every five seconds, so that its return is noticed", () => {
  setPrefs({ poll: 60 });
  connection.set({ lastOk: null, downSince: 1, failing: false });
  expect([pollInterval(), pollInterval({ atLeast: 30_000 })]).toEqual([5000, 5000]);
});

test("the numbers are polled as often as chosen; what cannot change without them is polled less often while they stay", () => {
  vi.useFakeTimers();
  moved();
  vi.advanceTimersByTime(600_000);
  expect(pollInterval(STEADY)).toBe(2000);
  expect([pollInterval(), pollInterval(SERIES)]).toEqual([30_000, 60_000]);
  moved();
  expect([pollInterval(), pollInterval(SERIES)]).toEqual([2000, 5000]);
});

test("a job that a person watches is polled every 2 s, unless the user has chosen to poll less often", () => {
  setPrefs({ poll: 5 });
  expect([pollInterval(STEADY), pollInterval(WATCHED)]).toEqual([5000, 2000]);
  setPrefs({ poll: 30 });
  expect(pollInterval(WATCHED)).toBe(30_000);
});
