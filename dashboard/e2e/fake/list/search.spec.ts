import { expect, test } from "../../fixtures";

const order = (n: number, text: string) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: text, text: `Order ${n}.` },
  more: { createdAt: Date.now() - n * 60_000 },
});

test("a job is found by a field of its payload: offered, a chip, in the address, and told how far it looked", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  const { ids } = await stack.order({ add: [order(1, "Shipped 4711"), order(2, "Paid 4711")] });
  await open("/dashboard");
  await expect(page.locator("[data-job]").first()).toBeVisible();
  const box = page.getByRole("combobox", { name: "Find jobs" });
  await box.fill("subj");
  await expect(page.locator('#job-search-offers option[value="payload:subject="]')).toHaveCount(1);
  await box.fill("payload:subject=shipped 4711");
  await box.press("Enter");
  await expect(page).toHaveURL(/payload=subject%3Dshipped/);
  await expect(
    page.getByRole("button", { name: "Remove the filter Payload: subject=shipped 4711" }),
  ).toBeVisible();
  await expect(page.locator("[data-job]")).toHaveCount(1);
  await expect(page.locator(`[data-job="${ids[0] ?? ""}"]`)).toBeVisible();
  await expect(page.locator("#job-list footer")).toContainText(/1 (job|loaded) · \d+ searched/);
  await expect(page.getByRole("combobox", { name: "Created" })).toHaveValue("24h");
  await page.goto(`${stack.site}/dashboard?payload=nothing-like-it`);
  await expect(page.getByText(/No match in the newest \d+ jobs\./)).toBeVisible();
});
