import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { attempt, detail, T0 } from "@/test/factories";
import { Attempts } from "./Attempts";
import { StatusChip } from "@/jobs/StatusChip";
import { STATUS, STATUSES } from "@/jobs/status";

test.each(STATUSES)("%s is said by a word and an icon", (status) => {
  const { container } = render(<StatusChip status={status} />);
  expect(container.textContent).toBe(STATUS[status].label);
  expect(container.querySelector("svg")).not.toBeNull();
});

test("the newest attempt comes first and open, with its error as text", () => {
  const evil = attempt(2, { errorMessage: "<script>alert(1)</script>", stack: "Traceback", coldStart: true });
  render(<Attempts job={detail("dead_letter", [attempt(1), evil])} logs={[]} more={null} />);
  const cards = document.querySelectorAll("details");
  expect([...cards].map((card) => card.open)).toEqual([true, false]);
  expect(cards[0]?.textContent).toContain("Attempt 2");
  expect(screen.getAllByTestId("attempt-error")[0]?.textContent).toBe("<script>alert(1)</script>");
  expect(document.querySelector("script")).toBeNull();
});

test("an attempt carries the log lines that are its own", () => {
  const line = (n: number, message: string) => ({
    at: T0,
    level: "INFO",
    message,
    gen: 1,
    attempt: n,
    fields: { ms: 4 },
  });
  render(
    <Attempts
      job={detail("retrying", [attempt(1), attempt(2)])}
      logs={[line(1, "first"), line(2, "second")]}
      more="https://console.aws.example/logs"
    />,
  );
  expect(screen.getByRole("region", { name: "Log of attempt 2" }).textContent).toContain("second ms=4");
  const more = screen.getAllByRole("link", { name: "View in CloudWatch", hidden: true });
  expect(more.map((link) => link.getAttribute("href"))).toEqual(
    Array(2).fill("https://console.aws.example/logs"),
  );
});

test("a deferred attempt and the one that takes its number each carry their own lines", () => {
  const line = (at: number, message: string) => ({
    at,
    level: "INFO",
    message,
    gen: 1,
    attempt: 1,
    fields: {},
  });
  const deferred = attempt(1, { outcome: "deferred", claim: 1 });
  const running = attempt(1, { outcome: "running", claim: 2, startedAt: T0 + 70_000, finishedAt: null });
  render(
    <Attempts
      job={detail("processing", [deferred, running])}
      logs={[line(T0 + 10_500, "asked"), line(T0 + 70_001, "again")]}
      more={null}
    />,
  );
  const cards = [...document.querySelectorAll("details")].map((card) => card.textContent);
  expect(cards[0]).toMatch(/Running.*again/);
  expect(cards[0]).not.toContain("asked");
  expect(cards[1]).toMatch(/Deferred, not charged.*asked/);
});

test("a suspended job that has begun is not said to be waiting for its start", () => {
  const suspended = detail("suspended", [], { startedAt: T0, steps: 1 });
  const { rerender } = render(<Attempts job={suspended} logs={[]} more={null} />);
  expect(screen.queryByText("Not started yet.")).toBeNull();
  rerender(<Attempts job={detail("dead_letter", [], { startedAt: T0 })} logs={[]} more={null} />);
  expect(screen.queryByText(/ends in a wait/), "only a job with steps has waits").toBeNull();
  rerender(<Attempts job={detail("queued", [])} logs={[]} more={null} />);
  expect(screen.getByText("Not started yet.")).toBeTruthy();
});
