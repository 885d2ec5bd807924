/**
 * `npm run shots [screen…]`: every screen at 320, 390, 768 and 1440 px in both themes, into shots/ (git-ignored).
 * SHOTS_LANGUAGE=de speaks German; SHOTS_ONLY=390-dark,1440-light takes only these.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";
import { stringify } from "../src/lib/json";
import { MADE } from "./made";
import { SCREENS, type Find, type Screen } from "./screens";

const WIDTHS = [320, 390, 768, 1440];
const THEMES = ["dark", "light"];
const LANGUAGE = process.env.SHOTS_LANGUAGE ?? "en";
/** Only some, such as "390-dark,1440-light". */
const ONLY = process.env.SHOTS_ONLY?.split(",");
const out = fileURLToPath(new URL("../shots", import.meta.url));
mkdirSync(out, { recursive: true });

const api = await startFake({ jobs: 3000, arrivals: 0.2 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  stage: "dev",
  devToken: "admin-token",
});
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });

async function order(orders: object): Promise<{ ids: string[] }> {
  const answer = await fetch(`${api.url}/__fake`, { method: "POST", body: stringify(orders) });
  return (await answer.json()) as { ids: string[] };
}

const made = new Map<string, string>();
const find: Find = {
  byStatus: async (status) => {
    const headers = { Authorization: "Bearer admin-token" };
    const answer = await fetch(`${api.url}/jobs?status=${status}&limit=1`, { headers });
    const { jobs } = (await answer.json()) as { jobs: { id: string }[] };
    return jobs[0]?.id ?? "none";
  },
  made: async (name) => {
    const id = made.get(name) ?? (await order({ add: [MADE[name]] })).ids[0] ?? "none";
    made.set(name, id);
    return id;
  },
};

/** As tall as the page, so that what sticks to an edge of the window is at the edge of the picture. */
async function stretch(page: Page, width: number): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(8000, height) });
  await page.waitForTimeout(200);
}

async function shoot(name: string, screen: Screen, width: number, theme: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: width === 320 ? 640 : 900 },
    reducedMotion: "reduce",
  });
  await context.addInitScript((prefs) => localStorage.setItem("jobflow.prefs", JSON.stringify(prefs)), {
    theme,
    language: LANGUAGE,
  });
  const page = await context.newPage();
  const tell = (text: string) =>
    text.includes("Failed to load resource") || console.error(`${name}: ${text}`);
  page.on("console", (message) => message.type() === "error" && tell(message.text()));
  page.on("pageerror", (error) => tell(error.message));
  const path = await screen.path(find);
  await order(screen.order ?? {});
  await page.goto(site.url + path);
  await page.waitForLoadState("networkidle", { timeout: 4000 }).catch(() => undefined);
  await screen.then?.(page);
  await page.waitForTimeout(400);
  if (screen.whole) await stretch(page, width);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) console.error(`${name} at ${width}: ${wide} px too wide`);
  await page.screenshot({ path: `${out}/${name}-${width}-${theme}.png` });
  await context.close();
  await order({ latencyMs: 0, fail: null });
  if (screen.order && "reset" in screen.order) {
    await order({ reset: {} });
    made.clear();
  }
}

const wanted = process.argv.slice(2);
for (const [name, screen] of Object.entries(SCREENS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const width of WIDTHS)
    for (const theme of THEMES)
      if (!ONLY || ONLY.includes(`${width}-${theme}`)) await shoot(name, screen, width, theme);
}
await browser.close();
await site.close();
await api.close();
