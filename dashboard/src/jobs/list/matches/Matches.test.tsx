import { screen, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { showWithin } from "@/test/screen";
import Matches from "./Matches";

afterEach(() => vi.unstubAllGlobals());

const type = (fair_by: string | null) => ({
  type: "mail.send",
  retry_waits: [],
  limits: [],
  rates: [],
  fair_by,
});
const job = {
  ...{
    id: "0a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0",
    type: "mail.send",
    status: "queued",
    payload: null,
    tags: [],
  },
  ...{ created_at: "2026-11-25T00:00:00Z", updated_at: "2026-11-25T00:00:00Z", attempts: 0, max_attempts: 3 },
  ...{ progress: null, discarded: null, error_message: null, steps: 0 },
};

/** Let the API answer with these types, refuse the searches in some places, and find a job in all other places. */
function show(types: object[], refused: (place: string) => boolean) {
  vi.stubGlobal("fetch", (address: string) => {
    const url = new URL(address);
    const asked = [...url.searchParams.keys()].join(" ");
    if (url.pathname.endsWith("/job-types")) return Promise.resolve(Response.json({ job_types: types }));
    if (!refused(asked)) return Promise.resolve(Response.json({ jobs: [job], next_cursor: null, looked: 1 }));
    const problem = { title: "Refused", status: 422, detail: "It was refused." };
    return Promise.resolve(Response.json(problem, { status: 422 }));
  });
  showWithin(<Matches search={{ q: "acme" }} text="acme" />);
}

test("where no type has tenants, the API refuses to be asked for one, and text is found in the other places", async () => {
  show([type(null)], (asked) => asked.includes("tenant"));
  expect(await screen.findByRole("region", { name: "Idempotency key acme" })).toBeTruthy();
  await expect.poll(() => document.querySelector('[aria-busy="true"]')).toBeNull();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a place whose search failed is named beside what was found in the others", async () => {
  show([type("customer")], (asked) => asked.includes("tenant"));
  expect(await screen.findByRole("region", { name: "Idempotency key acme" })).toBeTruthy();
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Tenant acme");
  expect(alert.textContent).toContain("It was refused.");
  expect(within(alert).getByRole("button", { name: "Search again" })).toBeTruthy();
});

test("if every search failed, nothing but the failure is shown", async () => {
  show([type("customer")], () => true);
  expect((await screen.findByRole("alert")).textContent).toContain("Couldn't load jobs");
  expect(screen.queryByRole("region")).toBeNull();
});
