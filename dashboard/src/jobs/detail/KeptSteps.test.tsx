import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { keptSteps, type KeptStep } from "@/api/jobs/steps";
import { signIn, signOut } from "@/session/session";
import { detail, T0 } from "@/test/factories";
import { KeptSteps } from "./KeptSteps";

const step = (more: Partial<KeptStep>): KeptStep => ({
  kind: "step",
  name: "charge",
  at: T0,
  value: null,
  tookMs: null,
  until: null,
  by: null,
  timedOut: false,
  ...more,
});

function show(rows: KeptStep[], steps = rows.length) {
  const job = detail("completed", [], { steps });
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData(keptSteps(job.id).queryKey, { rows, older: false });
  render(
    <QueryClientProvider client={client}>
      <KeptSteps job={job} />
    </QueryClientProvider>,
  );
}

test("steps, sleeps and events are listed with what became of them", () => {
  show([
    step({ value: { paid: true }, tookMs: 1500 }),
    step({ kind: "sleep", name: "quiet", until: T0 + 60_000 }),
    step({ kind: "sleep", name: "long", until: Date.now() + 60_000 }),
    step({ kind: "event", name: "approved", by: "ada", value: "x".repeat(300) }),
    step({ kind: "event", name: "signed", until: T0, timedOut: true }),
  ]);
  const [charged, slept, sleeps, approved, late] = screen
    .getAllByRole("listitem")
    .map((item) => item.textContent);
  expect(charged).toContain('{"paid":true}');
  expect(slept).toContain("for 1m 00s");
  expect(sleeps).toContain("until");
  expect(approved).toContain("ada");
  expect(approved?.length).toBeLessThan(280);
  expect(late).toContain("timed out");
});

test("a step that returned nothing is not taken for hidden, a call without results is", () => {
  const calls = vi.fn(() => Promise.resolve(Response.json({ role: "operator", label: "", personal: true })));
  vi.stubGlobal("fetch", calls);
  signIn("a-token");
  show([step({}), step({ name: "sent", value: true })]);
  expect(screen.queryByRole("button")).toBeNull();
  expect(calls).not.toHaveBeenCalled();
  cleanup();
  show([step({ name: "sent", value: true }), step({ kind: "call", name: "child" })]);
  return screen.findByRole("button", { name: "Show personal fields" }).finally(signOut);
});

test("a job without steps has no list of them", () => {
  show([], 0);
  expect(screen.queryByRole("list")).toBeNull();
});
