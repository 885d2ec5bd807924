import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";
import { startFake, type FakeOptions } from "../fake/server";
import { startSite } from "../fake/site";
import { stringify } from "../src/lib/json";

export { expect };

/** Where the browser tests run. Against a real stack the tokens come from the environment. */
export interface Stack {
  site: string;
  api: string;
  admin: string;
  viewer: string;
  /** The fake API's switches; against a real stack there are none. */
  order: (orders: object) => Promise<{ ids: string[] }>;
  reset: (options?: FakeOptions) => void;
}

const dist = fileURLToPath(new URL("../dist", import.meta.url));

async function realStack(site: string): Promise<Stack> {
  const config = (await (await fetch(`${site}/config.json`)).json()) as { apiUrl: string; devToken?: string };
  const none = () => Promise.reject(new Error("This test needs the fake API."));
  return {
    site,
    api: process.env.API ?? config.apiUrl,
    admin: process.env.ADMIN_TOKEN ?? config.devToken ?? "",
    viewer: process.env.VIEWER_TOKEN ?? "",
    order: none,
    reset: () => undefined,
  };
}

interface OneTest {
  /** Create a job by the API; returns its id. */
  submit: (type: string, payload: object, more?: object) => Promise<string>;
  /** Wait until a job waits and runs no more. */
  settled: (id: string) => Promise<void>;
  /** A tag that no other test uses. */
  tag: string;
  open: (path: string) => Promise<void>;
}

export const test = base.extend<OneTest, { stack: Stack }>({
  stack: [
    async ({}, use) => {
      const url = process.env.DASHBOARD_URL;
      if (url) return use(await realStack(url.replace(/\/$/, "")));
      if (!existsSync(`${dist}/index.html`)) throw new Error('Run "npm run build" first.');
      const fake = await startFake({ jobs: 300, arrivals: 0 });
      const site = await startSite(dist, fake.url, {
        apiUrl: fake.url,
        stage: "test",
        devToken: "admin-token",
      });
      const order = async (orders: object) => {
        const answer = await fetch(`${fake.url}/__fake`, { method: "POST", body: stringify(orders) });
        return (await answer.json()) as { ids: string[] };
      };
      await use({
        site: site.url,
        api: fake.url,
        admin: "admin-token",
        viewer: "viewer-token",
        order,
        reset: fake.reset,
      });
      await site.close();
      await fake.close();
    },
    { scope: "worker" },
  ],
  page: async ({ page }, use) => {
    const complaints = listen(page);
    await use(page);
    expect(complaints, "nothing may be written to the console").toEqual([]);
  },
  tag: async ({}, use, info) => use(`e2e-${info.testId.slice(-8)}-${info.retry}-${Date.now().toString(36)}`),
  submit: async ({ stack }, use) => {
    await use(async (type, payload, more = {}) => {
      const answer = await fetch(`${stack.api}/jobs`, {
        method: "POST",
        headers: { Authorization: `Bearer ${stack.admin}`, "Content-Type": "application/json" },
        body: JSON.stringify({ type, payload, ...more }),
      });
      const body = (await answer.json()) as { id: string };
      expect(answer.status, JSON.stringify(body)).toBe(201);
      return body.id;
    });
  },
  settled: async ({ stack }, use) => {
    const status = async (id: string) => {
      const answer = await fetch(`${stack.api}/jobs/${id}`, {
        headers: { Authorization: `Bearer ${stack.admin}` },
      });
      return ((await answer.json()) as { status: string }).status;
    };
    await use((id) =>
      expect
        .poll(() => status(id), { timeout: 60_000 })
        .toMatch(/^(completed|failed|dead_letter|cancelled)$/),
    );
  },
  open: async ({ page, stack }, use) => {
    await use(async (path) => {
      await page.goto(stack.site + path);
    });
  },
});

/** Errors and warnings of the page, broken policies among them; the browser's own notes on failed requests are not. */
function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (/Failed to load resource|net::ERR|blocked by CORS/.test(message.text())) return;
    complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

/** A payload that is tried again and again: its file never comes. */
export const missing = (name: string) => ({ key: `uploads/missing/${name}.png`, format: "png" });
/** A payload that fails at once: a period that has not begun. */
export const hopeless = () => ({ from: new Date(Date.now() + 86_400_000).toISOString(), formats: ["csv"] });

export const statusOf = (page: Page) => page.locator("h1 [data-status]");
