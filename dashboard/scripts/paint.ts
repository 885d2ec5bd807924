/** `npm run paint`: milliseconds from navigation to the first table row, with the CPU four times slower, cold cache. */
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";

const RUNS = 7;
/** Runs in the page: marks the frame after the first row is there. As text, because tsx adds helpers to functions. */
const WATCH = `(function watch() {
  requestAnimationFrame(document.querySelector("[data-job]") ? () => performance.mark("first-row") : watch);
})()`;
const api = await startFake({ jobs: 1000, arrivals: 0 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  devToken: "admin-token",
});
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });
const times: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript({ content: WATCH });
  await page.goto(`${site.url}/dashboard`);
  await page.locator("[data-job]").first().waitFor();
  await page.waitForTimeout(300);
  times.push(
    Math.round(await page.evaluate(() => performance.getEntriesByName("first-row")[0]?.startTime ?? NaN)),
  );
  await context.close();
}
times.sort((a, b) => a - b);
console.log(`first table row: median ${times[Math.floor(RUNS / 2)] ?? NaN} ms of ${times.join(", ")}`);
await browser.close();
await site.close();
await api.close();
