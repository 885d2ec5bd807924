import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connection } from "@/api/client";
import { live } from "@/live/live";
import { setPrefs } from "@/session/prefs";
import { showWithin } from "@/test/screen";
import { LiveControl } from "./LiveControl";

beforeEach(() => {
  vi.useFakeTimers();
  setPrefs({ poll: 5 });
  live.set({ paused: false });
});
afterEach(() => {
  vi.useRealTimers();
  connection.set({ lastOk: null, downSince: null, failing: false });
});

test("the label says how old the numbers are as soon as they are older than they should be", () => {
  connection.set({ lastOk: Date.now(), downSince: null, failing: false });
  showWithin(<LiveControl />);
  act(() => void vi.advanceTimersByTime(5000));
  expect(screen.getByText("Live")).toBeTruthy();
  act(() => void vi.advanceTimersByTime(20_000));
  expect(screen.getByText("Live, 25 s old")).toBeTruthy();
  act(() => connection.set({ lastOk: Date.now(), downSince: null, failing: false }));
  expect(screen.getByText("Live")).toBeTruthy();
});

test("answers that are errors of the API do not count as new numbers", () => {
  connection.set({ lastOk: null, downSince: null, failing: true });
  showWithin(<LiveControl />);
  expect(screen.getByText("No data")).toBeTruthy();
});
