import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { showWithin } from "@/test/screen";
import { audit } from "@/texts/de/audit";
import { english } from "@/texts/en/audit";
import { ChangeRow } from "./ChangeRow";
import type { Change } from "@/api/audit";

afterEach(() => vi.unstubAllGlobals());

const CHANGE: Change = {
  ...{
    id: "2026-11-30T06:00:00.000Z#1",
    at: Date.parse("2026-11-30T06:00:00Z"),
    action: "job.retry",
    kind: "job",
  },
  ...{ target: "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", principal: "1f2e3d4c5b6a7980", label: "ada" },
  ...{
    reason: "The provider is up",
    ip: "203.0.113.9",
    correlationId: "c-1",
    outcome: "done",
    error: null,
    version: null,
    bulk: null,
  },
};

test("a change says who did what to which job, why and from where", () => {
  showWithin(<ChangeRow change={CHANGE} onPrincipal={() => undefined} />);
  expect(screen.getByRole("button", { name: /ada/ }).title).toBe("1f2e3d4c5b6a7980");
  expect(screen.getByRole("link", { name: "6a1de45f" }).getAttribute("href")).toBe(`/jobs/${CHANGE.target}`);
  for (const text of [/Retried job/, "The provider is up", /203\.0\.113\.9/, "Done"]) screen.getByText(text);
});

test("a request for many jobs has no page of its own, a bulk action has one", () => {
  const bulk = { ...CHANGE, kind: "bulk", target: "019ab3c4d5e61f2e3d4c" };
  showWithin(<ChangeRow change={{ ...bulk, action: "jobs.cancel" }} onPrincipal={null} />);
  expect(screen.queryByRole("link")).toBeNull();
  showWithin(<ChangeRow change={{ ...bulk, action: "bulk.cancel" }} onPrincipal={null} />);
  expect(screen.getByRole("link").getAttribute("href")).toBe("/bulk/019ab3c4d5e61f2e3d4c");
});

test.each([english, audit])("the filters for two bulk actions of one minute can be told apart", (texts) => {
  const [one, other] = ["019ab3c4d5e61f2e3d4c", "019ab3c4d5e6a1b2c3d4"].map(texts.ofBulk);
  expect(one).not.toBe(other);
});

test("an entry under a listed job leads to its request, which has the outcome", () => {
  const named = { ...CHANGE, action: "jobs.cancel", outcome: "named", bulk: "019ab3c4d5e61f2e3d4c" } as const;
  showWithin(<ChangeRow change={named} onPrincipal={null} />);
  const link = screen.getByRole("link", { name: "One of several jobs" });
  expect(link.getAttribute("href")).toMatch(/^\/audit\?bulk=(%22)?019ab3c4d5e61f2e3d4c(%22)?&span=all$/);
});

test("a change of a newer version, without an outcome, is shown with its own name", () => {
  const change: Change = { ...CHANGE, action: "moon.land", kind: "moon", target: "m-1", outcome: "begun" };
  showWithin(<ChangeRow change={change} onPrincipal={null} />);
  screen.getByText(/moon\.land/);
  expect(screen.getByText("No outcome").title).toMatch(/may be done or not/);
});
