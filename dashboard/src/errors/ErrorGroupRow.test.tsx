import { cleanup, screen, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { ErrorGroup } from "@/api/numbers/metrics";
import { signIn, signOut } from "@/session/session";
import { showWithin } from "@/test/screen";
import { ErrorGroupRow } from "./ErrorGroupRow";

afterEach(() => {
  cleanup();
  signOut();
  vi.unstubAllGlobals();
});

const group = (errorClass: string): ErrorGroup => ({
  fingerprint: errorClass,
  type: "email.send",
  errorClass,
  message: "429",
  count: 3,
  firstSeen: 0,
  lastSeen: 0,
  sampleJobIds: [],
  sparkline: [3],
  sparklineStepS: 3600,
  jobs: 1,
  state: "open",
  acknowledged: null,
});

test("attempts that asked for a later run are not shown as failed, and no retry is offered", async () => {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(Response.json({ role: "operator", label: "", deploys: [], by_type: {}, by_status: {} })),
  );
  const row = { most: 3, period: 3_600_000, counted: false };
  signIn("a-token");
  showWithin(
    <ul>
      <ErrorGroupRow group={group("RetryLater")} {...row} />
      <ErrorGroupRow group={group("Timeout")} {...row} />
    </ul>,
  );
  expect(screen.getByText("RetryLater").closest("li")?.textContent).toContain("not failed");
  expect(screen.getByText("Timeout").closest("li")?.textContent).not.toContain("not failed");
  expect(await screen.findAllByRole("button", { name: "Count and retry…" })).toHaveLength(1);
  const deferred = screen.getByText("RetryLater").closest("li") ?? document.body;
  expect(within(deferred).queryByRole("button", { name: "Count and retry…" })).toBeNull();
});
