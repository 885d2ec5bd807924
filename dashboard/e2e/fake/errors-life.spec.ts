import { expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

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

test("an error is acknowledged, resolved, and regresses when it comes again", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 0, arrivals: 0 });
  const at = Date.now() - 60_000;
  const old = broken(0, at - 7_200_000);
  const dead = { ...old, more: { ...old.more, status: "dead_letter" } };
  await stack.order({ add: [dead, broken(1, at), broken(2, at)] });
  await open("/errors");
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await expect(group).toContainText("3 jobs");
  await group.getByRole("button", { name: "Acknowledge" }).click();
  await expect(group).toContainText("Acknowledged by");
  await open("/dashboard");
  const health = page.getByRole("region", { name: "Health" });
  await expect(health).toContainText("email.send: 1 older dead letter, no open errors in 24 h.");
  await open("/errors");
  await group.getByRole("button", { name: "Resolve" }).click();
  await expect(group).toContainText(/Resolved by .+ (just now|\d+ s ago)/);
  await expect(group.getByRole("button", { name: "Resolve" })).toHaveCount(0);
  await expectAccessibleInBothThemes(page);
  await stack.order({ add: [broken(3, Date.now() + 1000)] });
  await page.reload();
  await expect(group).toContainText("Regressed");
  await expect(page.locator("main li").first(), "it comes first").toContainText("MailboxGone");
});
