import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { signIn, signOut } from "@/session/session";
import { showAt } from "@/test/screen";
import { UsagePage } from "./UsagePage";

afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

const ROW = {
  ...{ type: "email.send", tenant: null, day: null, jobs: 4000, attempts: 5000, retries: 1000, run_s: 3600 },
  ...{ cost_nano_usd: 2_000_000_000, run_nano_usd: 1_000_000_000, requests_nano_usd: 400_000_000 },
  ...{ jobs_nano_usd: 300_000_000, counting_nano_usd: 200_000_000, kept_nano_usd: 100_000_000 },
  retries_nano_usd: 500_000_000,
};
const USAGE = {
  ...{
    by: "type",
    type: null,
    from: "2027-03-01T00:00:00Z",
    to: "2027-03-16T00:00:00Z",
    rows: [ROW],
    total: ROW,
  },
  ...{ dearest: [], truncated: false, prices: "2026-11", region: "us-east-1", as_of: "2027-03-15T22:30:00Z" },
};
const RUN = {
  ...{
    job_id: "7e1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a01",
    type: "email.send",
    run_s: 90,
    cost_nano_usd: 604_000,
  },
  ...{ started_at: "2027-03-15T22:00:00Z", status: "dead_letter" },
};

/** Show the page at an address; return the requests for sums. */
function show(address: string, answer: (url: URL) => Response | Promise<Response>): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", (text: string) => {
    const url = new URL(text);
    if (url.pathname === "/job-types") return Promise.resolve(Response.json({ job_types: [] }));
    if (url.pathname !== "/usage") return Promise.resolve(Response.json({ role: "viewer", label: "ada" }));
    asked.push(url);
    return Promise.resolve(answer(url));
  });
  signIn("a token");
  showAt(address, { "/usage": UsagePage });
  return asked;
}

test("the page shows the sum, the share of the retries, the types and the dearest runs", async () => {
  const asked = show("/usage", () => Response.json({ ...USAGE, dearest: [RUN] }));
  expect((await screen.findByTestId("total")).textContent).toBe("$2.00");
  screen.getByText("1,000 retries: $0.50 (25%)");
  await screen.findByRole("link", { name: "Jobs of email.send" });
  const job = screen.getByRole("link", { name: "7e1f4d52" });
  expect(job.getAttribute("href")).toBe("/jobs/7e1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a01");
  screen.getByText("$0.000604");
  const queries = asked.map(({ searchParams }) => [searchParams.get("by"), searchParams.get("dearest")]);
  expect(queries).toContainEqual(["day", null]);
  expect(queries).toContainEqual(["type", "10"]);
});

test("a token that may not read sums is told why, without a button to repeat the request", async () => {
  const problem = { title: "Out of scope", status: 403, detail: "The token is for some tenants." };
  show("/usage", () => Response.json(problem, { status: 403 }));
  await screen.findByText("Your token cannot see what jobs cost");
  expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
});

test("an error can be repeated", async () => {
  show("/usage", () => Response.json({ title: "Down", status: 500, detail: "It is down." }, { status: 500 }));
  await screen.findByText("Couldn't load what jobs cost");
  screen.getByRole("button", { name: "Retry" });
});

test("by tenant, the page says which types are counted by tenant if none is", async () => {
  show("/usage?by=tenant", () => Response.json({ ...USAGE, by: "tenant" }));
  await screen.findByText(/No jobs are counted by tenant/);
});

test("a link to a type that is gone, or that the token does not see, leads on to all types", async () => {
  const gone = { title: "Unknown job type", status: 422, detail: "No job type has the name 'old.type'." };
  const outside = { title: "Out of scope", status: 403, detail: "old.type is outside of the token's types." };
  for (const problem of [gone, outside]) {
    show("/usage?type=old.type", ({ searchParams }) =>
      searchParams.has("type") ? Response.json(problem, { status: problem.status }) : Response.json(USAGE),
    );
    await screen.findByText(problem.detail);
    expect(screen.queryByText(/tenants/)).toBeNull();
    expect(screen.getByLabelText<HTMLSelectElement>("Type").value).toBe("old.type");
    fireEvent.click(screen.getByRole("button", { name: "All types" }));
    expect((await screen.findByTestId("total")).textContent).toBe("$2.00");
    cleanup();
  }
});

test("no sum of an earlier choice stands under the present one", async () => {
  const late = new Promise<Response>(() => undefined);
  show("/usage", ({ searchParams }) =>
    searchParams.has("to") || searchParams.get("by") === "tenant" ? late : Response.json(USAGE),
  );
  await screen.findByTestId("total");
  await screen.findByRole("link", { name: "Jobs of email.send" });
  fireEvent.click(screen.getByRole("button", { name: "By tenant" }));
  await vi.waitFor(() => expect(screen.queryByText("email.send")).toBeNull());
  expect(screen.queryByText(/No jobs are counted by tenant/)).toBeNull();
  expect(screen.getByTestId("total").textContent).toBe("$2.00");
  fireEvent.click(screen.getByRole("button", { name: "Last month" }));
  await screen.findByLabelText("Loading what jobs cost");
  expect(screen.queryByTestId("total")).toBeNull();
});
