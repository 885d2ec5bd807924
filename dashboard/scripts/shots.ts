/** `npm run shots [screen…]`: every screen at 320, 768 and 1440 px in both themes, into shots/ (git-ignored). */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";

const WIDTHS = [320, 768, 1440];
const THEMES = ["dark", "light"];
const out = fileURLToPath(new URL("../shots", import.meta.url));
mkdirSync(out, { recursive: true });

const api = await startFake({ jobs: 3000, arrivals: 0.2 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  stage: "dev",
  devToken: "admin-token",
});
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });

async function firstJob(status: string): Promise<string> {
  const answer = await fetch(`${api.url}/jobs?status=${status}&limit=1`, {
    headers: { Authorization: "Bearer admin-token" },
  });
  const { jobs } = (await answer.json()) as { jobs: { id: string }[] };
  return jobs[0]?.id ?? "none";
}

type Prepare = (page: Page) => Promise<unknown>;
const press =
  (key: string): Prepare =>
  (page) =>
    page.keyboard.press(key);
const SCREENS: Record<string, { path: () => Promise<string> | string; then?: Prepare }> = {
  landing: { path: () => "/" },
  dashboard: { path: () => "/dashboard" },
  selected: {
    path: () => "/dashboard?status=dead_letter",
    then: async (page) => {
      for (const box of (await page.getByRole("checkbox", { name: /^Select job/ }).all()).slice(0, 3))
        await box.check();
    },
  },
  empty: { path: () => "/dashboard?error=nothing-like-this" },
  "job-dead": { path: async () => `/jobs/${await firstJob("dead_letter")}` },
  "job-done": { path: async () => `/jobs/${await firstJob("completed")}` },
  "job-waits": { path: async () => `/jobs/${await firstJob("retrying")}` },
  "job-gone": { path: () => "/jobs/00000000-0000-4000-8000-000000000000" },
  create: { path: () => "/create?type=image.process" },
  queues: { path: () => "/queues" },
  errors: { path: () => "/errors" },
  palette: { path: () => "/dashboard", then: press("Control+k") },
  help: { path: () => "/dashboard", then: press("?") },
  "sign-in": {
    path: () => "/dashboard",
    then: async (page) => {
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
    },
  },
};

const wanted = process.argv.slice(2);
for (const [name, { path, then }] of Object.entries(SCREENS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const width of WIDTHS) {
    for (const theme of THEMES) {
      const context = await browser.newContext({
        viewport: { width, height: width === 320 ? 640 : 900 },
        reducedMotion: "reduce",
      });
      await context.addInitScript(
        (chosen) => localStorage.setItem("jobflow.prefs", JSON.stringify({ theme: chosen })),
        theme,
      );
      const page = await context.newPage();
      page.on(
        "console",
        (message) => message.type() === "error" && console.error(`${name}: ${message.text()}`),
      );
      page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
      await page.goto(site.url + (await path()));
      await page.waitForLoadState("networkidle", { timeout: 4000 }).catch(() => undefined);
      await then?.(page);
      await page.waitForTimeout(400);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) console.error(`${name} at ${width}: ${wide} px too wide`);
      await page.screenshot({
        path: `${out}/${name}-${width}-${theme}.png`,
        fullPage: ["landing", "create", "queues", "errors"].includes(name) || name.startsWith("job-"),
      });
      await context.close();
    }
  }
}
await browser.close();
await site.close();
await api.close();
