import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { agesOf } from "./ages";

const HOUR = 3_600_000;
const dead = (age: number) => job("a", { status: "dead_letter", finishedAt: T0 - age });

test("dead letters are counted by their age, each once", () => {
  const jobs = [
    dead(-5),
    dead(0),
    dead(HOUR - 1),
    dead(HOUR),
    dead(24 * HOUR - 1),
    dead(24 * HOUR),
    dead(72 * HOUR),
  ];
  expect(agesOf(jobs, T0)).toEqual({ hour: 3, day: 2, older: 2, oldest: 72 * HOUR });
});

test("without one the oldest is unknown", () => {
  expect(agesOf([], T0)).toEqual({ hour: 0, day: 0, older: 0, oldest: null });
});

test("a job without an end counts from its last change", () => {
  expect(agesOf([job("a", { finishedAt: null, updatedAt: T0 - 7 })], T0).oldest).toBe(7);
});
