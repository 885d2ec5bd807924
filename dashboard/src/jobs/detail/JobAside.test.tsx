import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { detail } from "@/test/factories";
import { showWithin } from "@/test/screen";
import { JobFacts, Payload } from "./JobAside";
import { t } from "@/texts/en/detail";

test("a payload that is not in the answer is said to be missing, not to be null", () => {
  const job = detail("completed", []);
  const { rerender } = render(<Payload job={job} />);
  expect(screen.queryByText(t.payloadNotHere)).toBeNull();
  rerender(<Payload job={{ ...job, payload: null, payloadBytes: 3_500_000 }} />);
  expect(screen.getByText(t.payloadNotHere)).toBeTruthy();
  expect(document.body.textContent).not.toContain("null");
});

test("a job shows the webhooks that it names", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ points: [] }))));
  showWithin(<JobFacts job={{ ...detail("completed", []), notify: ["billing", "audit"] }} />);
  const names = (await screen.findAllByRole("link")).map((link) => link.textContent);
  expect(names).toEqual(["billing", "audit"]);
  vi.unstubAllGlobals();
});
