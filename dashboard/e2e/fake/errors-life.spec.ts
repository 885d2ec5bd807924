import { expectAccessibleInBothThemes } from "../axe";
import { expect, test, type Stack } from "../fixtures";

const broken = (n: number, at: number) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `Number ${n}`, text: "Hi" },
  more: {
    status: "failed",
    attempts: 2,
    errorClass: "MailboxGone",
    errorMessage: "The mailbox is gone.",
    createdAt: at,
    finishedAt: at,
    history: [1, 2].map((attempt) => ({
      gen: 1,
      attempt,
      claim: attempt,
      outcome: "error",
      started_at: new Date(at - 1000).toISOString(),
      finished_at: new Date(at).toISOString(),
      duration_ms: 1000,
      error_class: "MailboxGone",
      error_message: "The mailbox is gone.",
      stack: null,
      request_id: null,
      cold_start: null,
      receive_count: attempt,
      retry_delay_s: null,
    })),
  },
});

/** Begin without jobs, and without the schedule whose firings the jobs of a test would be: one more finding. */
async function empty(stack: Stack): Promise<void> {
  stack.reset({ jobs: 0, arrivals: 0 });
  const headers = { Authorization: `Bearer ${stack.admin}` };
  await fetch(`${stack.api}/schedules/daily-digest`, { method: "DELETE", headers });
}

test("an error is acknowledged, resolved, and regresses when it comes again", async ({
  page,
  open,
  stack,
}) => {
  await empty(stack);
  const at = Date.now() - 60_000;
  const old = broken(0, at - 7_200_000);
  const dead = { ...old, more: { ...old.more, status: "dead_letter" } };
  await stack.order({ add: [dead, broken(1, at), broken(2, at)] });
  await open("/errors");
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await expect(group).toContainText("2 failed, 1 dead-lettered");
  await group.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(group).toContainText("Acknowledged by");
  await open("/dashboard");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health.getByTestId("health")).toHaveText("All healthy. Queues are empty.");
  await expect(health.getByRole("button", { name: /^All/ })).toHaveCount(0);
  await health.getByRole("link", { name: "email.send: 1 older dead letter, acknowledged." }).click();
  await expect(page).toHaveURL(/status=dead_letter&type=email\.send&endedBefore=\d+/);
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await open("/errors");
  await group.getByRole("button", { name: "Resolve", exact: true }).click();
  await expect(group).toContainText(/Resolved by .+ (just now|\d+ s ago)/);
  await expect(group.getByRole("button", { name: "Resolve", exact: true })).toHaveCount(0);
  await expectAccessibleInBothThemes(page);
  await stack.order({ add: [broken(3, Date.now() + 1000)] });
  await page.reload();
  await expect(group).toContainText("Regressed");
  await expect(page.locator("main li").first(), "it comes first").toContainText("MailboxGone");
});

test("health ranks new dead letters, older ones and those somebody knows of, and each leads to its jobs", async ({
  page,
  open,
  stack,
}) => {
  await empty(stack);
  const hours = Date.now() - 3 * 3_600_000;
  const dead = (n: number, at: number, errorClass: string) => {
    const { more, ...job } = broken(n, at);
    const history = more.history.map((attempt) => ({ ...attempt, error_class: errorClass }));
    return { ...job, more: { ...more, status: "dead_letter", errorClass, history } };
  };
  const of = (count: number, at: number, errorClass: string) =>
    Array.from({ length: count }, (_, n) => dead(n, at, errorClass));
  await stack.order({ add: [...of(226, hours, "MailboxGone"), ...of(12, hours, "RelayRefused")] });
  await open("/errors");
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await group.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(group).toContainText("Acknowledged by");
  // The same error again: what somebody knows of stays known, and the new ones stand out.
  await stack.order({ add: of(3, Date.now() + 100, "MailboxGone") });
  await open("/dashboard");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health.getByTestId("health")).toHaveText("email.send: 3 new dead letters in the last hour.");
  const also = health.getByRole("list", { name: "Also" }).getByRole("listitem");
  await expect(also).toHaveText([
    "email.send: 2 error groups to review.",
    "email.send: 238 older dead letters, 12 of them not acknowledged.",
  ]);
  await expect(page, "the tab says how many").toHaveTitle("(3) Jobs · JobFlow");
  await expect(page.locator('link[rel="icon"]')).toHaveAttribute("href", "/favicon-attention.svg");
  await health.getByRole("button", { name: "All 3" }).click();
  const findings = health.getByRole("list", { name: "Findings" }).getByRole("listitem");
  await expect(findings).toHaveCount(3);
  await expect(
    findings.first().getByRole("img", { name: /Last 24 h by hour: \d+ dead letters/ }),
  ).toBeVisible();
  await expect(health.getByRole("button", { name: "All 3" })).toHaveAttribute("aria-expanded", "true");
  await expectAccessibleInBothThemes(page);
  await findings.getByRole("link", { name: /238 older/ }).click();
  await expect(page).toHaveURL(/status=dead_letter&type=email\.send&endedBefore=\d+/);
  await expect(page.locator("[data-job]").first()).toBeVisible();
});
