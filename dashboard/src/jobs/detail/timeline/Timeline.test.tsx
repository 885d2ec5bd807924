import { render, screen } from "@testing-library/react";
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
