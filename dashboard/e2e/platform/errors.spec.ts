import { expect, hopeless, test } from "../fixtures";

test("an error group opens exactly its jobs, and says how many would be retried", async ({
  page,
  open,
  submit,
  stack,
  tag,
}) => {
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  const job = async () => {
    const headers = { Authorization: `Bearer ${stack.admin}` };
    return (await (await fetch(`${stack.api}/jobs/${id}`, { headers })).json()) as { fingerprint: string };
  };
  await expect.poll(async () => (await job()).fingerprint).toMatch(/^[0-9a-f]{12}$/);
  const { fingerprint } = await job();

  await open("/errors");
  const group = page.locator("li").filter({ has: page.locator(`a[href*="${fingerprint}"]`) });
  await expect(group).toBeVisible();
  await group.getByRole("link", { name: "View jobs" }).click();
  await expect(page).toHaveURL(new RegExp(`fingerprint=${fingerprint}`));
  await expect(page.locator(`[data-job="${id}"]`)).toBeVisible();
  await expect(page.locator("[data-job] [data-status]").first()).toBeVisible();
  const shown = await page.locator("[data-job]").evaluateAll((rows) => rows.map((row) => row.dataset.job));
  const headers = { Authorization: `Bearer ${stack.admin}` };
  for (const one of shown) {
    const answer = await fetch(`${stack.api}/jobs/${one ?? ""}`, { headers });
    const found = (await answer.json()) as { fingerprint: string | null; gen: number };
    // Another test may have retried its job meanwhile: a new run has no error yet.
    if (found.gen === 1 || found.fingerprint !== null) expect(found).toMatchObject({ fingerprint });
  }

  await page.goBack();
  await group.getByRole("button", { name: "Count and retry…" }).click();
  await expect(page.getByTestId("preview")).toHaveText(/\d+ jobs? will be retried/);
  // Other tests have jobs that failed alike.
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("an acknowledged error says by whom, and can be opened again", async ({ page, open, submit, tag }) => {
  await submit("report.generate", hopeless(), { tags: [tag] });
  await open("/errors?type=report.generate");
  const group = page.locator("main li").first();
  await group.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(group).toContainText(/Acknowledged by .+ (just now|\d+ s ago)/);
  await group.getByRole("button", { name: "Reopen", exact: true }).click();
  await expect(group).not.toContainText("Acknowledged by");
});

test("a failed job leads to all that failed like it", async ({ page, open, submit, tag }) => {
  const id = await submit("report.generate", hopeless(), { tags: [tag] });
  await open(`/jobs/${id}`);
  await page.getByRole("link", { name: "View similar jobs" }).click();
  await expect(page).toHaveURL(/fingerprint=[0-9a-f]{12}/);
  await expect(page.getByText("Error group", { exact: true })).toBeVisible();
  await expect(page.locator(`[data-job="${id}"]`)).toBeVisible();
});
