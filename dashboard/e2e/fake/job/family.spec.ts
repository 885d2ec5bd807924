import { expect, test } from "../../fixtures";

const PAYLOAD = { to: ["ada@example.com"], subject: "Hi", text: "Hi" };

test("a job's page shows what it made as a tree, and a cancellation can include it", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const far = { status: "scheduled", nextAttemptAt: Date.now() + 3_600_000 };
  const { ids } = await stack.order({
    enqueues: { "report.generate": ["report.generate", "email.send"] },
    add: [{ type: "report.generate", payload: { hours: 1 }, more: far }],
  });
  const [root = ""] = ids;
  const middle = await stack.order({
    add: [
      {
        type: "report.generate",
        payload: { hours: 2 },
        more: { ...far, parent: root, idempotencyKey: "monthly" },
      },
      { type: "email.send", payload: PAYLOAD, more: { ...far, parent: root, idempotencyKey: "receipt" } },
    ],
  });
  const [report = ""] = middle.ids;
  await stack.order({
    add: [{ type: "email.send", payload: PAYLOAD, more: { ...far, parent: report, idempotencyKey: "leaf" } }],
  });

  await open(`/jobs/${root}`);
  const panel = page.getByRole("region", { name: "Jobs it made" });
  await expect(panel.getByRole("listitem")).toHaveCount(2);
  await expect(panel).toContainText("receipt");
  await panel.getByRole("button", { name: "Jobs it made" }).click();
  await expect(panel.getByRole("listitem")).toHaveCount(3);
  await expect(panel).toContainText("leaf");

  await panel.getByRole("link").first().click();
  await expect(page.getByRole("region", { name: "Jobs it made" })).toContainText("Made by");
  await page.goBack();

  await page.keyboard.press("c");
  await page.getByLabel("Also cancel the jobs it made").check();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Cancel/ })
    .click();
  await expect(page.getByText("Of the jobs it made, 2 were cancelled and 0 asked to stop.")).toBeVisible();
  await expect(panel.locator('[data-status="cancelled"]')).toHaveCount(2);
});

test("a job of a type that makes none has no such part, and its cancellation asks nothing more", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const far = { status: "scheduled", nextAttemptAt: Date.now() + 3_600_000 };
  const { ids } = await stack.order({ add: [{ type: "email.send", payload: PAYLOAD, more: far }] });
  await open(`/jobs/${ids[0] ?? ""}`);
  await expect(page.getByRole("region", { name: "Details" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Jobs it made" })).toHaveCount(0);
  await page.keyboard.press("c");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page.getByLabel("Also cancel the jobs it made")).toHaveCount(0);
});
