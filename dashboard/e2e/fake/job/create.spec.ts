import { expectAccessibleInBothThemes } from "../../axe";
import { expect, statusOf, test } from "../../fixtures";

/** A payload with a time of day and a length of time, of which no built-in type has one. */
const DIGEST = {
  type: "object",
  additionalProperties: false,
  required: ["every"],
  properties: {
    every: { type: "string", format: "duration", description: "How often" },
    send_at: { type: "string", format: "time", description: "When, each time" },
  },
};

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

test("a time of day and a length of time are picked, and sent as ISO 8601", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const example = { every: "P1DT12H", send_at: "06:30:00+02:00" };
  await stack.order({ declared: { "email.send": { schema: DIGEST, example } } });
  await open("/create?type=email.send");
  const part = (unit: string) => page.getByLabel(`Every: ${unit}`);
  await expect(part("days")).toHaveValue("1");
  await expect(part("hours")).toHaveValue("12");
  await part("days").fill("");
  // What is no digit is not taken.
  await part("hours").fill("1h");
  await part("seconds").fill("30");
  const time = page.getByLabel("Send at");
  await expect(time).toHaveValue("06:30:00");
  await time.fill("17:45:10");
  await expect(page.getByText("+02:00")).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  const sent = page.waitForRequest(
    (request) => request.method() === "POST" && request.url().endsWith("/jobs"),
  );
  await page.getByRole("button", { name: "Create job" }).click();
  expect((await sent).postDataJSON()).toMatchObject({
    payload: { every: "PT1H0M30S", send_at: "17:45:10+02:00" },
  });
  await expect(page.getByTestId("job-id")).toBeVisible();
});

test("what no picker can show stays a text, and an empty length of time is said beside its field", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ declared: { "email.send": { schema: DIGEST, example: { every: "P2W" } } } });
  await open("/create?type=email.send");
  await expect(page.getByLabel(/^Every/)).toHaveValue("P2W");
  await page.getByLabel(/^Every/).fill("");
  await page.getByRole("button", { name: "Create job" }).click();
  await expect(page.getByText("Required.", { exact: true })).toBeVisible();
  await expect(page.getByLabel("Every: days")).toHaveAttribute("aria-invalid", "true");
});
