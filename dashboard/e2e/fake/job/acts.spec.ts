import { expectAccessibleInBothThemes } from "../../axe";
import { expect, missing, test } from "../../fixtures";

const mail = (more: object) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: "Wrong", text: "Hi" },
  more: { attempts: 1, errorClass: "Oops", errorMessage: "No.", finishedAt: Date.now(), ...more },
});

test("the timeline tells what operators did and who it was, and shows both payloads of an edit", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({ add: [mail({ status: "failed", createdAt: Date.now() - 60_000 })] });
  await open(`/create?edit=${ids[0] ?? ""}`);
  await page.getByLabel(/^Subject/).fill("Right");
  await page.getByRole("button", { name: "Retry with this payload" }).click();
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByText("Retried by admin with another payload")).toBeVisible();
  await timeline.getByRole("button", { name: "Compare payloads" }).click();
  const dialog = page.getByRole("dialog", { name: "Payload before and after retry 1" });
  await expect(dialog.locator("code").filter({ hasText: "subject" })).toHaveText([
    '  "subject": "Wrong",',
    '  "subject": "Right",',
  ]);
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});

test("a cancellation and a retry in bulk are told", async ({ page, open, stack, submit }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const id = await submit("image.process", missing("acts"), { delay_seconds: 3600 });
  const post = (path: string, body: object) =>
    fetch(stack.api + path, {
      method: "POST",
      headers: { Authorization: `Bearer ${stack.admin}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  await post(`/jobs/${id}/cancel`, {});
  await post("/jobs/bulk", { action: "retry", ids: [id] });
  await open(`/jobs/${id}`);
  const steps = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
  await expect(steps.filter({ hasText: "Cancel requested by admin" })).toBeVisible();
  await expect(steps.filter({ hasText: "Retried by admin" })).toContainText("With a bulk action");
  const texts = await steps.allTextContents();
  const place = (text: string) => texts.findIndex((one) => one.includes(text));
  expect(place("Cancel requested")).toBeLessThan(place("Retried by"));
});

test("the log is followed until the switch is off, and asked for again when it is on", async ({
  page,
  open,
  submit,
}) => {
  const id = await submit("image.process", missing("tail"), { max_attempts: 10 });
  await open(`/jobs/${id}`);
  const follow = page.getByRole("switch", { name: "Follow the log" });
  await expect(follow).toHaveAttribute("aria-checked", "true");
  await follow.click();
  await expect(follow).toHaveAttribute("aria-checked", "false");
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/logs") ? 1 : 0));
  await page.waitForTimeout(5000);
  expect(asked, "while it is off").toBe(0);
  await follow.click();
  await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(0);
  const log = page.getByRole("region", { name: "Log of this job" });
  await expect(log).toContainText("job started");
  expect(
    await log.evaluate((box) => Math.abs(box.scrollHeight - box.clientHeight - box.scrollTop)),
  ).toBeLessThan(2);
  await page.getByRole("button", { name: "Python", exact: true }).click();
  await expect(page.getByRole("region", { name: "As Python" })).toContainText("from jobflow import JobFlow");
});
