import { expectAccessibleInBothThemes } from "../../axe";
import { expect, statusOf, test } from "../../fixtures";

const MAIL = { type: "email.send", payload: { to: ["ada@example.com"], subject: "Hi", text: "Hi" } };

test("an idempotency key that is in use names its job before anything is sent", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const headers = { Authorization: `Bearer ${stack.admin}`, "Idempotency-Key": "order-1042" };
  const answer = await fetch(`${stack.api}/jobs`, { method: "POST", headers, body: JSON.stringify(MAIL) });
  const { id } = (await answer.json()) as { id: string };
  await open("/create?type=email.send");
  const key = page.getByLabel("Idempotency key");
  await key.fill("order-1043");
  await expect(page.getByText("No job of yours has this key yet.")).toBeVisible();
  await key.fill("order-1042");
  const duplicate = page.getByTestId("duplicate");
  await expect(duplicate).toContainText(
    /Already used by email\.send · .+ \(.+, .+\)\. The same request returns that job/,
  );
  await expectAccessibleInBothThemes(page);
  await stack.order({ fail: { path: "/jobs", status: 503 } });
  await key.fill("order-1044");
  await expect(page.getByText("Couldn't check whether a job has this key.")).toBeVisible();
  await stack.order({ fail: null });
  await key.fill("order-1042");
  await duplicate.getByRole("link").click();
  await expect(page.getByTestId("job-id")).toHaveText(id);
});

test("tags are chips, and a set time is in the zone of the console", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", JSON.stringify({ zone: "utc" })));
  await open("/create?type=email.send");
  const tags = page.getByLabel("Tags");
  await tags.fill("welcome,");
  await tags.pressSequentially("customer:42");
  await tags.press("Enter");
  await tags.fill("gone,");
  await page.getByRole("button", { name: "Remove gone" }).click();
  await page.getByLabel("Start").selectOption("At a set time");
  await page.getByLabel("Date and time").fill("2099-03-01T06:30:15");
  await expect(page.getByText("In UTC.")).toBeVisible();
  // What sticks to an edge would cover half of a button.
  await page.setViewportSize({ width: 1280, height: 1800 });
  await expectAccessibleInBothThemes(page);
  const sent = page.waitForRequest(
    (request) => request.method() === "POST" && request.url().endsWith("/jobs"),
  );
  await page.getByRole("button", { name: "Create job" }).click();
  expect((await sent).postDataJSON()).toMatchObject({
    run_at: "2099-03-01T06:30:15.000Z",
    tags: ["welcome", "customer:42"],
  });
  await expect(statusOf(page)).toHaveText("Scheduled");
});

test("choices of a schema are chips, and its times are picked", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", JSON.stringify({ zone: "utc" })));
  await open("/create?type=report.generate");
  const formats = page.getByRole("group", { name: "Formats" });
  await formats.getByText("csv", { exact: true }).click();
  await formats.getByText("html", { exact: true }).click();
  await formats.getByText("csv", { exact: true }).click();
  await page.getByLabel("From").fill("2026-11-20T00:00");
  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await expect(page.getByLabel("Payload as JSON")).toHaveValue(/"from": "2026-11-20T00:00:00Z"/);
  await expect(page.getByLabel("Payload as JSON")).toHaveValue(/"formats": \[\s*"(csv|html)"/);
});
