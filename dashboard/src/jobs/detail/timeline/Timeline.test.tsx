import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { attempt, detail, T0 } from "@/test/factories";
import { STATUS } from "@/jobs/status";
import { Timeline } from "./Timeline";

const titles = () => screen.getAllByRole("listitem").map((item) => item.textContent);

test("how a job ended is one entry, without the sentence that the top of the page says", () => {
  render(<Timeline job={detail("dead_letter", [attempt(1)])} logs={[]} />);
  expect(titles().at(-1)).toMatch(/^Dead letter/);
  expect(document.body.textContent).not.toContain(STATUS.dead_letter.meaning);
});

test("what the entry before says is not said again", () => {
  const hopeless = attempt(1, { outcome: "permanent_error" });
  const { unmount } = render(<Timeline job={detail("failed", [hopeless])} logs={[]} />);
  expect(titles().at(-1)).toMatch(/^Attempt 1 of 3 failed/);
  unmount();
  const act = {
    action: "discard",
    at: T0 + 90_000,
    by: "ada",
    gen: 1,
    edited: false,
    inBulk: false,
  } as const;
  const discarded = { at: act.at, by: "ada", reason: null };
  render(<Timeline job={detail("cancelled", [hopeless], { acts: [act], discarded })} logs={[]} />);
  expect(titles().at(-1)).toMatch(/^Discarded by ada/);
});

test("the attempts that are left are drawn from the earliest to the latest time that the API computes", () => {
  const nextAttempts = [
    { attempt: 2, earliest: 1, latest: 7 },
    { attempt: 3, earliest: 63, latest: 63 },
  ];
  render(<Timeline job={detail("retrying", [attempt(1)], { nextAttempts })} logs={[]} />);
  const drawn = screen.getByRole("img", {
    name: "attempt 2 after 1 s to 7 s, attempt 3 after 1 min to 1 min",
  });
  const bars = [...drawn.children].map((one) => one.firstElementChild as HTMLElement);
  // the axis is logarithmic, from 1 to 64 times the shortest wait, so each doubling is a sixth of it
  expect(bars.map(({ style }) => [style.bottom, style.height])).toEqual([
    ["16.7%", "33.3%"],
    ["100.0%", "0.0%"],
  ]);
});

test("each attempt keeps what it said of its progress, also after its end", () => {
  const said = attempt(1, { progress: { percent: 60, note: "shelves are counted" } });
  render(<Timeline job={detail("dead_letter", [said, attempt(2)])} logs={[]} />);
  const step = (n: number) => titles().find((text) => text.startsWith(`Attempt ${n} of`));
  expect(step(1)).toContain("60% shelves are counted");
  expect(step(2)).not.toContain("%");
});

test("kept steps and events are milestones between the creation and the attempt", () => {
  const kept = (kind: "step" | "event" | "now", name: string, at: number, by: string | null = null) => ({
    kind,
    name,
    at,
    by,
    value: null,
    tookMs: null,
    until: null,
    timedOut: false,
  });
  const done = attempt(1, { outcome: "completed", startedAt: T0 + 9000 });
  const rows = [
    kept("step", "charge", T0 + 1),
    kept("now", "1", T0 + 2),
    kept("event", "approved", T0 + 3, "ada"),
  ];
  render(<Timeline job={detail("completed", [done], { steps: 3 })} logs={[]} kept={rows} />);
  expect(titles().slice(1, 3)).toEqual([
    expect.stringMatching(/^Step charge/),
    expect.stringMatching(/^Event approved.*ada$/),
  ]);
  expect(titles()[3]).toMatch(/^Attempt 1 of 3/);
});

test("of a long past, the newest entries are shown, and all after a click", async () => {
  const history = Array.from({ length: 20 }, (_, n) => attempt(n + 1, { startedAt: T0 + n * 60_000 }));
  render(<Timeline job={detail("dead_letter", history, { maxAttempts: 20 })} logs={[]} />);
  const entry = (n: number) => titles().some((text) => text.startsWith(`Attempt ${n} of 20`));
  expect([entry(1), entry(12), entry(13), entry(20)]).toEqual([false, false, true, true]);
  await userEvent.click(screen.getByRole("button", { name: "Show 12 earlier entries" }));
  expect([entry(1), entry(12), entry(20)]).toEqual([true, true, true]);
});
