import { expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

/** The page that GET /docs leads to; what it writes to the console, a broken policy above all, fails the test. */
test("the API reference explains calls in either theme", async ({ page, open }) => {
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", JSON.stringify({ theme: "light" })));
  await open("/reference/");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  const list = page.locator("#operations-jobs-list_jobs");
  await list.getByRole("button").first().click();
  await expect(list.getByText("Default value : 20")).toBeVisible();
  await expect(list.locator(".renderedMarkdown code").first()).toHaveText("next_cursor");
  const create = page.locator("#operations-jobs-create_job");
  await create.getByRole("button").first().click();
  await expect(create.getByText("Request body")).toBeVisible();
  await expect(create.getByText("success@simulator.amazonses.com")).toBeVisible();
  // Only a problem has this field, a job has none.
  const problem = create.getByText('"errors_total"');
  await expect(problem).toHaveCount(0);
  await create.getByRole("button", { name: /^Body and headers of 401/ }).click();
  await expect(problem).toBeVisible();
  await expectAccessibleInBothThemes(page, "#operations-jobs-create_job");
  await create.getByRole("button", { name: "Try it out" }).click();
  await expect(create.getByRole("textbox", { name: "Request body" })).toBeVisible();
  await expectAccessibleInBothThemes(page);
});

test("the API reference fits a narrow screen, also without the slash", async ({ page, open }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  await open("/reference");
  const create = page.locator("#operations-jobs-create_job");
  await create.getByRole("button").first().click();
  await expect(create.getByText("Request body")).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test("the list of groups leads to a group by mouse and by keyboard", async ({ page, open }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open("/reference/");
  const errors = page.locator('.opblock-tag[data-tag="errors"]');
  await expect(errors).not.toBeInViewport();
  await page
    .getByRole("navigation", { name: "Groups of calls" })
    .getByRole("link", { name: "errors" })
    .click();
  await expect(errors).toBeInViewport();
  await expect(errors.getByRole("button")).toBeFocused();
});

test("a call is tried out with the token", async ({ page, open }) => {
  await open("/reference/");
  const me = page.locator("#operations-the_API_itself-me");
  await me.getByRole("button").first().click();
  await me.getByRole("button", { name: "Try it out" }).click();
  await me.getByRole("button", { name: "Execute" }).click();
  await expect(me.locator(".live-responses-table")).toContainText('"role": "admin"');
});

test("without a token that is right the reference asks for one", async ({ page, open, stack }) => {
  await page.addInitScript(() => {
    if (!sessionStorage.getItem("jobflow.token")) sessionStorage.setItem("jobflow.token", "not-a-token");
  });
  await page.route("**/config.json", (route) =>
    route.fulfill({ json: { apiUrl: stack.api, stage: "test" } }),
  );
  await open("/reference/");
  await expect(page.getByText("The token or session is invalid, revoked or expired.")).toBeVisible();
  await page.getByLabel("Token").fill(stack.admin);
  await page.getByRole("button", { name: "Show the reference" }).click();
  await expect(page.locator("#operations-jobs-create_job")).toBeVisible();
});

test("who signs in with a provider is led to the console", async ({ page, open, stack }) => {
  const provider = { name: "Example", issuer: "https://i.example", clientId: "c", scopes: "openid" };
  const signIn = { ...provider, authorizeUrl: "https://i.example/a", tokenUrl: "https://i.example/t" };
  await page.route("**/config.json", (route) =>
    route.fulfill({ json: { apiUrl: stack.api, stage: "test", signIn } }),
  );
  await open("/reference/");
  await expectAccessibleInBothThemes(page);
  await page.getByRole("link", { name: "Sign in at the console" }).click();
  await expect(page.getByRole("button", { name: "Sign in with Example" })).toBeVisible();
});
