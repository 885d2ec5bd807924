/**
 * `DASHBOARD_URL=… npm run pictures`: README's two pictures, of a running `make dev JITTER=none`, into docs/images/.
 * MINUTES=15 lets it work for so long before, so that the charts have a shape.
 */
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";

const site = process.env.DASHBOARD_URL;
if (!site) throw new Error("Set DASHBOARD_URL to the console of a running `make dev`.");
const out = fileURLToPath(new URL("../../docs/images", import.meta.url));
const { apiUrl, devToken } = (await (await fetch(`${site}/config.json`)).json()) as Record<string, string>;

async function submit(type: string, payload: object, more: object = {}): Promise<string> {
  const answer = await fetch(`${apiUrl}/jobs`, {
    method: "POST",
    headers: { Authorization: `Bearer ${devToken ?? ""}`, "Content-Type": "application/json" },
    body: JSON.stringify({ type, payload, ...more }),
  });
  if (!answer.ok) throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

const missing = (n: number) => ({ key: `uploads/catalog/lamp-0${200 + n}.jpg`, format: "webp" });
const JOBS = 70;
const PAUSE_MS = 1200;
/** The job of the second picture fails five times in 30 s (2 + 4 + 8 + 16) and waits for its sixth attempt then. */
const BEFORE_THE_END = 36;

/** Some of everything; the time between two of them in milliseconds. */
async function work(jobs: number, pause: (n: number) => number): Promise<void> {
  for (let n = 0; n < jobs; n++) {
    const tags = [n % 3 ? `order:${7300 + n}` : "catalog"];
    if (n % 9 === 4) await submit("image.process", missing(n), { max_attempts: 1, tags });
    else if (n % 4 === 1) await submit("report.generate", { hours: 24, formats: ["csv"] }, { tags });
    else {
      const subject = `Order ${7300 + n} has shipped`;
      const payload = { to: ["success@simulator.amazonses.com"], subject, text: `${subject}.` };
      await submit("email.send", payload, { tags });
    }
    await new Promise((resolve) => setTimeout(resolve, pause(n)));
  }
}

/** A wave of work that rises and falls every few minutes. */
const WAVE_MS = 2500;
await work(
  Math.round((Number(process.env.MINUTES ?? 0) * 60_000) / WAVE_MS),
  (n) => WAVE_MS * (1 + 0.7 * Math.sin(n / 16)),
);

const [id] = await Promise.all([
  (async () => {
    await new Promise((resolve) => setTimeout(resolve, (JOBS - BEFORE_THE_END) * PAUSE_MS));
    return submit("image.process", missing(12), { max_attempts: 8, tags: ["catalog", "order:7313"] });
  })(),
  work(JOBS, () => PAUSE_MS),
]);
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });

async function shoot(path: string, name: string, height: number): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height }, reducedMotion: "reduce" });
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", '{"theme":"dark"}'));
  await page.goto(`${site}${path}`);
  await page.locator("main [data-job], main h1 [data-status]").first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"], main .skeleton'));
  await page.waitForTimeout(1500);
  if ((await page.getByRole("alert").count()) > 0)
    throw new Error(`${site}${path} shows no data: is it the console's own address?`);
  await page.screenshot({ path: `${out}/${name}.png` });
  await page.close();
}

// Down to what comes if it fails: the stack further down names folders of this machine.
await shoot(`/jobs/${id}`, "job", 1022);
await shoot("/dashboard", "console", 980);
await browser.close();
