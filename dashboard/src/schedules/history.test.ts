import { expect, test } from "vitest";
import type { LastFiring, MissedFiring, Schedule } from "@/api/queues/schedules";
import { failingStreak } from "@/jobs/streak";
import { gapsInWords, weekOf } from "./history";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-25T23:30:00Z");
const firing = (at: number) => ({
  at,
  local: `${new Date(at + 3_600_000).toISOString().slice(0, 19)}+01:00`,
});
const ran = (days: number, status: LastFiring["status"] = "completed", skipped = false): LastFiring => ({
  ...firing(NOW - days * DAY),
  jobId: `job-${days}`,
  status,
  skipped,
});
const missed = (days: number, reason: MissedFiring["reason"]): MissedFiring => ({
  ...firing(NOW - days * DAY),
  reason,
});
const schedule = (more: Partial<Schedule>) => ({ last: [], missed: [], next: [], problem: null, ...more }) as unknown as Schedule; // prettier-ignore

test("the days are those of the schedule's zone, and each firing is on its day", () => {
  const week = weekOf(schedule({ last: [ran(0), ran(1)], missed: [missed(2, "missed")] }), NOW);
  expect(week.map(({ weekday, day }) => `${weekday} ${day}`)).toEqual([
    "Fri 20",
    "Sat 21",
    "Sun 22",
    "Mon 23",
    "Tue 24",
    "Wed 25",
    "Thu 26",
  ]);
  expect(week.map(({ cells }) => cells.map(({ kind }) => kind).join())).toEqual([
    "",
    "",
    "",
    "",
    "missed",
    "ran",
    "ran",
  ]);
});

test("a day with many firings shows the newest, and says how many more there were", () => {
  const last = Array.from({ length: 9 }, (_, n) => ({ ...ran(0), ...firing(NOW - n * 60_000) }));
  const today = weekOf(schedule({ last, next: [firing(NOW + 60_000)] }), NOW).at(-1);
  expect([today?.cells.length, today?.more, today?.cells.at(-1)?.at]).toEqual([6, 4, NOW]);
});

test("a job that was made ahead is not also a coming firing", () => {
  const ahead = { ...ran(0, "scheduled"), ...firing(NOW + 60_000) };
  const today = weekOf(schedule({ last: [ahead], next: [firing(NOW + 60_000)] }), NOW).at(-1);
  expect(today?.cells.map(({ kind }) => kind)).toEqual(["ran"]);
});

test("a streak of failures counts what has ended, up to the first other end", () => {
  const last = [ran(0, "processing"), ran(1, "dead_letter"), ran(2, "failed"), ran(3), ran(4, "failed")];
  expect(failingStreak(schedule({ last })).map(({ jobId }) => jobId)).toEqual(["job-1", "job-2"]);
  expect(failingStreak(schedule({ last: [ran(1), ran(2, "failed")] }))).toEqual([]);
  const mixed = [ran(1, "failed"), ran(2, "dead_letter"), ran(3, "cancelled"), ran(4, "failed"), ran(5)];
  expect(failingStreak(schedule({ last: mixed })).map(({ jobId }) => jobId)).toEqual(["job-1", "job-2"]);
  expect(failingStreak(schedule({ last: mixed.slice(2) }))).toEqual([]);
});

test("days before the oldest known firing are unknown, not days without firings", () => {
  const hourly = Array.from({ length: 14 }, (_, n) => ({ ...ran(0), ...firing(NOW - (n + 12) * 3_600_000) }));
  const unknown = (more: Partial<Schedule>) =>
    weekOf(schedule(more), NOW).map((day) => (day.unknown ? "?" : day.cells.length));
  expect(unknown({ last: hourly })).toEqual(["?", "?", "?", "?", 1, 6, 0]);
  expect(unknown({ last: [ran(1)] }), "all firings of a new schedule are known").toEqual([
    0, 0, 0, 0, 0, 1, 0,
  ]);
  const often = hourly.map((one): MissedFiring => ({ ...one, reason: "missed" }));
  expect(unknown({ last: [ran(4)], missed: often })).toEqual(["?", "?", 1, "?", 1, 6, 0]);
  expect(gapsInWords(schedule({ missed: often }))[0]?.text).toContain("At least 14");
});

test("what did not run says why in words, once for each reason", () => {
  const gaps = gapsInWords(
    schedule({
      missed: [missed(1, "missed"), missed(2, "missed"), missed(3, "paused")],
      last: [ran(0, "cancelled", true)],
    }),
  );
  expect(gaps.map(({ text }) => text)).toEqual([
    "2 firings did not run: the platform was not running then.",
    "1 firing did not run: the schedule was paused.",
    "1 firing did not run: an earlier firing had not ended.",
  ]);
});
