import { cleanup, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { detail } from "@/test/factories";
import { showWithin } from "@/test/screen";
import { duration } from "@/lib/time";
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

test("a payload that the type does not keep is said to be removed, and when", () => {
  const times = { finishedAt: 1_000_000, payloadRemovedAt: 1_000_000 + 3_600_000 };
  render(<Payload job={{ ...detail("completed", []), ...times, payload: null }} />);
  expect(screen.getByText(t.payloadRemoved(duration(3_600_000)))).toBeTruthy();
});

test("a job shows the webhooks that it names", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ points: [] }))));
  showWithin(<JobFacts job={{ ...detail("completed", []), notify: ["billing", "audit"] }} />);
  const names = (await screen.findAllByRole("link")).map((link) => link.textContent);
  expect(names).toEqual(["billing", "audit"]);
  vi.unstubAllGlobals();
});

test("a job with a trace shows its id, or a link where the stage shows traces", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ points: [] }))));
  const traced = { ...detail("completed", []), traceId: "4bf92f3577b34da6a3ce929d0e0e4736" };
  showWithin(<JobFacts job={traced} />);
  await screen.findByText(traced.traceId);
  cleanup();
  showWithin(<JobFacts job={{ ...traced, traceUrl: "https://traces.example.com/4bf9" }} />);
  const link = await screen.findByRole("link", { name: t.openTrace });
  expect(link.getAttribute("href")).toBe("https://traces.example.com/4bf9");
  vi.unstubAllGlobals();
});
