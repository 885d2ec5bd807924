import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { TypeNumbers } from "@/api/numbers/metrics";
import { STATUSES } from "@/jobs/status";
import { Depths } from "./Depths";

const none = Object.fromEntries(STATUSES.map((status) => [status, 0])) as TypeNumbers["byStatus"];

test("a card counts jobs and not messages: delayed and hidden ones belong to jobs that do not wait in the queue", () => {
  const numbers: TypeNumbers = {
    byStatus: { ...none, retrying: 14 },
    total: 14,
    queueLength: 14,
    retryQueueLength: 14,
    dlqLength: 0,
    inFlight: 9,
    oldestQueuedAgeS: null,
    paused: false,
    pause: null,
    pacedForS: null,
  };
  render(<Depths numbers={numbers} concurrency={20} />);
  expect(screen.getAllByRole("definition").map((one) => one.textContent)).toEqual(["0", "–", "14", "0"]);
  expect(screen.getByText("0 of 20 workers")).toBeTruthy();
});
