/**
 * `npm run scroll`: frames a second while a list of 20,000 jobs is scrolled from its end to its start and back. Beside it
 * what does not depend on who else uses the machine: the processor time of the page's main thread for each frame. Below
 * 20 ms, 50 frames a second are possible.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";
import { stringify } from "../src/lib/json";

const JOBS = 20_000;
const SECONDS = 5;
const RUNS = 3;
/** Pixels of one frame: a fast turn of a mouse's wheel. */
const STEP = 120;

const api = await startFake({ jobs: 0, arrivals: 0 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  devToken: "admin-token",
});
const add = Array.from({ length: JOBS }, (_, n) => ({
  type: "email.send",
  payload: { subject: `Number ${n}`, to: ["ada@example.com"] },
  more: { status: "completed", createdAt: Date.now() - n * 100, tags: ["many"] },
}));
await fetch(`${api.url}/__fake`, { method: "POST", body: stringify({ add }) });
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`${site.url}/dashboard?tag=many`);
await page.locator("[data-job]").first().waitFor();
const begun = Date.now();
/** Texts run in the page, because tsx adds helpers to functions. */
const LOADED = `scrollTo(0, document.body.scrollHeight), document.querySelector('[role="table"]')?.getAttribute("aria-rowcount")`;
while ((await page.evaluate(LOADED)) !== String(JOBS + 1)) await page.waitForTimeout(50);
console.log(`all ${JOBS} jobs loaded after ${((Date.now() - begun) / 1000).toFixed(1)} s`);

const SCROLL = `new Promise((resolve) => {
  const frames = [];
  let last = performance.now(), way = -${STEP};
  const end = last + ${SECONDS * 1000};
  requestAnimationFrame(function next(now) {
    frames.push(now - last);
    last = now;
    if (scrollY === 0) way = ${STEP};
    if (scrollY + innerHeight >= document.body.scrollHeight - 1) way = -${STEP};
    scrollBy(0, way);
    if (now < end) requestAnimationFrame(next);
    else resolve(frames.slice(1));
  });
})`;
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
/** Milliseconds of processor time that the page's main thread has used. */
async function busy(): Promise<number> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN) * 1000;
}
for (let run = 0; run < RUNS; run++) {
  await page.evaluate(`scrollTo(0, document.body.scrollHeight * ${0.3 + 0.2 * run})`);
  await page.waitForTimeout(500);
  const before = await busy();
  const frames = await page.evaluate<number[]>(SCROLL);
  const cost = ((await busy()) - before) / frames.length;
  const total = frames.reduce((sum, ms) => sum + ms, 0);
  const rate = (frames.length * 1000) / total;
  const slow = frames.filter((ms) => ms > 20).length;
  console.log(
    `${rate.toFixed(1)} frames a second, ${cost.toFixed(1)} ms of processor time each; longest ${Math.max(...frames).toFixed(0)} ms; ${slow} of ${frames.length} over 20 ms`,
  );
}
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1) ?? "?"}`);
await browser.close();
await site.close();
await api.close();
