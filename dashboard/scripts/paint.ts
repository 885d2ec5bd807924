/**
 * `npm run paint`: milliseconds from navigation to the first table row, with the CPU four times slower and a cold cache.
 * Beside it what does not depend on who else uses the machine: the processor time of the page's main thread until then.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";

const RUNS = 7;
const SLOWER = 4;
const LOOK_EVERY_MS = 500;
const LOOKS = 40;
/** Runs in the page: marks the frame after the first row is there. As text, because tsx adds helpers to functions. */
const WATCH = `(function watch() {
  requestAnimationFrame(document.querySelector("[data-job]") ? () => performance.mark("first-row") : watch);
})()`;
const MARK = `performance.getEntriesByName("first-row")[0]?.startTime ?? null`;

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  ts: number;
  tdur?: number;
}

/** Milliseconds to the first row by the clock, and of them on the main thread's processor. */
async function once(browser: Browser, url: string): Promise<{ wall: number; busy: number }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.addInitScript({ content: WATCH });
  const cdp = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  cdp.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel", "blink.user_timing"] } });
  await page.goto(url);
  // Rarely, because looking costs the page time too.
  let wall: number | null = null;
  for (let n = 0; n < LOOKS && wall === null; n++) {
    await page.waitForTimeout(LOOK_EVERY_MS);
    wall = await page.evaluate<number | null>(MARK);
  }
  const complete = new Promise((resolve) => cdp.once("Tracing.tracingComplete", resolve));
  await cdp.send("Tracing.end");
  await complete;
  await context.close();
  const mark = events.find((event) => event.name === "first-row");
  if (wall === null || !mark) throw new Error("No row came.");
  const began = mark.ts - wall * 1000;
  const tasks = events.filter(
    ({ name, pid, tid, ts }) =>
      name === "ThreadControllerImpl::RunTask" &&
      pid === mark.pid &&
      tid === mark.tid &&
      ts >= began &&
      ts <= mark.ts,
  );
  return {
    wall: Math.round(wall),
    busy: Math.round(tasks.reduce((sum, task) => sum + (task.tdur ?? 0), 0) / 1000),
  };
}

const api = await startFake({ jobs: 1000, arrivals: 0 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  devToken: "admin-token",
});
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });
const runs = [];
for (let run = 0; run < RUNS; run++) runs.push(await once(browser, `${site.url}/dashboard`));
const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? NaN;
const walls = runs.map((run) => run.wall);
console.log(`first table row: median ${middle(walls)} ms of ${walls.join(", ")}`);
console.log(
  `main thread: ${middle(runs.map((run) => run.busy))} ms of processor time, slowed down like the rest`,
);
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1) ?? "?"}`);
await browser.close();
await site.close();
await api.close();
