import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { showWithin } from "@/test/screen";
import { STATUSES } from "@/jobs/status";
import { signIn, signOut } from "@/session/session";
import { HealthStrip } from "./HealthStrip";

afterEach(() => {
  vi.useRealTimers();
  signOut();
  vi.unstubAllGlobals();
});

const counts = {
  by_status: Object.fromEntries(STATUSES.map((status) => [status, 0])),
  total_jobs: 0,
  queue_length: 0,
  retry_queue_length: 0,
  dlq_length: 0,
};
const of = { ...counts, oldest_queued_age_s: null, in_flight: 0, paced_for_s: null };
const METRICS = {
  ...counts,
  by_type: {
    "email.send": { ...of, paused: true, pause: { since: "2026-11-25T00:00:00Z", by: "ada", reason: "" } },
  },
  deploys: [],
  as_of: "2026-11-25T00:00:00Z",
};
const row = (kind: string, type: string, number: number, filter: object | null) => ({
  kind, type, number, filter, growth_per_minute: 38, drain_eta_s: null, since: null, acknowledged: 0, fingerprint: null,
  limit: null,
}); // prettier-ignore
const FINDINGS = [
  row("paused", "email.send", 40, null),
  row("new_dead_letters", "image.process", 12, {
    type: "image.process",
    status: "dead_letter",
    finished_after: null,
    finished_before: null,
  }),
  row("growing", "report.generate", 9, null),
];

test("each finding has its number, its link and the button that helps", async () => {
  const posts: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method }: RequestInit) => {
    if (method === "POST") posts.push(new URL(url, "http://x").pathname);
    if (url.includes("/series")) {
      const t = METRICS.as_of;
      const dead = { t, created: 0, completed: 0, failed: 0, retried: 0, dead_lettered: 12 };
      const points = url.includes("throughput") ? [dead, { ...dead, dead_lettered: 0 }] : [{ t, depth: 40 }];
      return Promise.resolve(new Response(JSON.stringify({ points, drain_eta_s: null })));
    }
    const told = url.includes("/health")
      ? { findings: FINDINGS, as_of: METRICS.as_of }
      : url.endsWith("/me")
        ? { role: "admin", label: "" }
        : METRICS;
    return Promise.resolve(new Response(JSON.stringify(told)));
  });
  signIn("a-token");
  showWithin(<HealthStrip />);
  await screen.findByText("email.send is paused by ada: 40 jobs wait.");
  await act(() => userEvent.click(screen.getByRole("button", { name: "All 3" })));
  const [, dead = document.body, growing = document.body] = within(
    screen.getByRole("list", { name: "Findings" }),
  ).getAllByRole("listitem");
  expect(dead.textContent).toContain("12image.process: 12 new dead letters in the last hour.");
  expect(await within(dead).findByRole("img", { name: "Last 24 h by hour: 12 dead letters" })).toBeTruthy();
  expect(within(growing).getByRole("link", { name: "Why? report.generate" })).toBeTruthy();
  const [resume = document.body] = screen.getAllByRole("button", { name: "Resume email.send" });
  await act(() => userEvent.click(resume));
  expect(posts).toEqual(["/job-types/email.send/resume"]);
});

test("every finding that somebody must act on leads to the page that helps, also for a viewer", async () => {
  const jobs = {
    type: "email.send",
    status: "failed",
    finished_after: null,
    finished_before: null,
  };
  const findings = [
    row("new_dead_letters", "email.send", 3, { ...jobs, status: "dead_letter" }),
    row("failure_ratio", "email.send", 7, jobs),
    row("in_flight", "email.send", 5, { ...jobs, status: "retrying" }),
    row("overdue", "email.send", 2, null),
    row("errors", "email.send", 1, null),
  ];
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(
      Response.json(
        url.includes("/health")
          ? { findings, as_of: METRICS.as_of }
          : url.endsWith("/me")
            ? { role: "viewer", label: "" }
            : url.includes("/schedules")
              ? { schedules: [], next_after: null }
              : url.includes("/series")
                ? { points: [] }
                : METRICS,
      ),
    ),
  );
  signIn("a-viewers-token");
  showWithin(<HealthStrip />);
  const all = await screen.findByRole("button", { name: "All 5" });
  await act(() => userEvent.click(all));
  const rows = within(screen.getByRole("list", { name: "Findings" })).getAllByRole("listitem");
  const helps = rows.map((one) => within(one).getAllByRole("link").at(-1)?.getAttribute("href"));
  expect(helps).toEqual([
    "/dashboard?status=dead_letter&type=email.send",
    "/errors?type=email.send",
    "/queues/email-send",
    "/dashboard?type=email.send&status=suspended",
    "/errors?type=email.send&only=open",
  ]);
  expect(rows.map((one) => within(one).getAllByRole("link").length)).toEqual([2, 2, 2, 2, 2]);
});

/** Open all findings, one for each of 30 types; return the requests for their series. */
async function opening(narrow = false): Promise<string[]> {
  const series: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    if (url.includes("/series")) {
      series.push(url);
      const broken = url.includes("type=broken");
      return Promise.resolve(broken ? new Response("{}", { status: 503 }) : Response.json({ points: [] }));
    }
    const findings = ["broken", ...Array.from({ length: 29 }, (_, n) => `type.${n}`)].map((type) =>
      row("growing", type, 9, null),
    );
    return Promise.resolve(
      Response.json(url.includes("/health") ? { findings, as_of: METRICS.as_of } : METRICS),
    );
  });
  if (narrow)
    vi.stubGlobal("matchMedia", () => ({
      matches: false,
      addEventListener: vi.fn(),
      removeEventListener: vi.fn(),
    }));
  showWithin(<HealthStrip />);
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
  await user.click(await screen.findByRole("button", { name: "All 30" }));
  return series;
}

test("the past of the first findings is loaded once a minute, and one that cannot be loaded says so", async () => {
  const series = await opening();
  await screen.findByRole("img", { name: /^Couldn't load chart: / });
  await waitFor(() => expect(series).toHaveLength(12));
  await act(() => vi.advanceTimersByTimeAsync(50_000));
  expect(series).toHaveLength(12);
});

test("a phone, which has no space for it, does not load the past", async () => {
  const series = await opening(true);
  await screen.findByRole("list", { name: "Findings" });
  await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(series).toEqual([]);
});
