import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Schedule } from "@/api/queues/schedules";
import { showWithin } from "@/test/screen";
import { Week } from "./Week";

const schedule = (firings: number) => {
  const last = Array.from({ length: firings }, (_, n) => {
    const at = Date.now() - n * 60_000;
    return { at, local: `${new Date(at).toISOString().slice(0, 19)}+00:00`, jobId: `j${n}`, status: "completed" };
  }); // prettier-ignore
  return { last, missed: [], next: [], problem: null } as unknown as Schedule;
};

test("a schedule that fires often says that older firings are not shown", () => {
  showWithin(<Week schedule={schedule(14)} />);
  expect(screen.getAllByText("Older firings are not shown").length).toBeGreaterThanOrEqual(5);
  screen.getByText(/^Firings before .* are not shown\.$/);
});

test("a schedule whose firings are all shown says nothing about others", () => {
  showWithin(<Week schedule={schedule(3)} />);
  expect(screen.queryByText(/not shown/)).toBeNull();
});
