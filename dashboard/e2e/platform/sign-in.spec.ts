/** A whole sign-in on the built console, with an identity provider on this machine (`e2e/provider.ts`). */
import type { BrowserContext, Page } from "@playwright/test";
import { expect, test, type Stack } from "../fixtures";
import { expectAccessibleInBothThemes } from "../axe";

test.skip(!process.env.SIGN_IN_ISSUER, "needs the platform of `make e2e-ui`, which has a provider");

const TOKEN = "jobflow.token";
const stored = (page: Page) => page.evaluate((key) => sessionStorage.getItem(key), TOKEN);
const button = (page: Page) => page.getByRole("button", { name: "Sign in with Example" });

/** A laptop's console has a token of its own: without it, the console is that of a stage. */
async function withoutToken(page: Page | BrowserContext) {
  await page.route("**/config.json", async (route) => {
    const answer = await route.fetch();
    const { devToken: _, ...config } = (await answer.json()) as Record<string, unknown>;
    await route.fulfill({ response: answer, json: config });
  });
}

const me = (stack: Stack, token: string | null) =>
  fetch(`${stack.api}/me`, { headers: { Authorization: `Bearer ${token}` } });

test("a person signs in, comes back to the same page, and signs out everywhere", async ({
  page,
  open,
  stack,
}) => {
  await withoutToken(page);
  await open("/queues?x=1#here");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessibleInBothThemes(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await button(page).click();

  await expect(page).toHaveURL(`${stack.site}/queues?x=1#here`);
  await expect(page.getByRole("heading", { name: "Queues", exact: true })).toBeVisible();
  const session = await stored(page);
  expect(session).toMatch(/^jfs_[0-9A-Za-z]{49}$/);
  expect(asked.filter((url) => url.includes(session ?? "-"))).toEqual([]);
  expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toContain("jfs_");
  const answer = (await (await me(stack, session)).json()) as Record<string, string>;
  expect(answer).toMatchObject({ role: "operator", label: "Ada Lovelace" });
  expect(answer.id).toMatch(/^oidc:[0-9a-f]{8}:ada$/);

  await page.getByRole("button", { name: /Account and display/ }).click();
  await expect(page.getByTestId("role")).toHaveText("operator");
  await expect(page.getByText(/Signed in until \d\d:\d\d/)).toBeVisible();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(button(page)).toBeVisible();
  expect(await stored(page)).toBeNull();
  await expect.poll(async () => (await me(stack, session)).status).toBe(401);
});

test("a session that has ended leads back to the page after another sign-in", async ({
  page,
  open,
  stack,
}) => {
  await withoutToken(page);
  await open("/errors");
  await button(page).click();
  await expect(page.getByRole("heading", { name: "Errors", exact: true })).toBeVisible();
  const session = await stored(page);
  const ended = await fetch(`${stack.api}/session`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${session}` },
  });
  expect(ended.status).toBe(200);
  await expect(page.getByRole("alert")).toHaveText("Your session has ended. Sign in again to continue here.");
  await button(page).click();
  await expect(page).toHaveURL(`${stack.site}/errors`);
  expect(await stored(page)).not.toBe(session);
});

/** Begin a sign-in, and stop where the provider sends the user back; return that address. */
async function stopped(page: Page, site: string): Promise<URL> {
  const back = page.waitForRequest((request) => request.url().startsWith(`${site}/signed-in`));
  await page.route(`${site}/signed-in**`, (route) => route.abort());
  await button(page).click();
  const address = new URL((await back).url());
  await page.unroute(`${site}/signed-in**`);
  return address;
}

test("a stolen code is of no use in another browser, and a link signs nobody in", async ({
  page,
  open,
  stack,
  browser,
}) => {
  const other = await browser.newContext();
  try {
    const victim = await other.newPage();
    await withoutToken(victim);
    await victim.goto(`${stack.site}/queues`);
    const code = (await stopped(victim, stack.site)).searchParams.get("code") ?? "";
    await withoutToken(page);
    await open("/queues");
    const own = await stopped(page, stack.site);

    await page.goto(`${stack.site}/signed-in?code=${code}&state=${own.searchParams.get("state") ?? ""}`);
    await expect(page.getByRole("alert")).toContainText("did not complete the sign-in");
    expect(await stored(page)).toBeNull();

    await page.goto(own.href);
    await expect(page.getByRole("alert")).toContainText("was not begun in this tab, or it was used before");
    expect(await stored(page)).toBeNull();
    expect(page.url()).toBe(`${stack.site}/signed-in`);
  } finally {
    await other.close();
  }
});
