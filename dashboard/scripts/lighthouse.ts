/**
 * `npm run lighthouse [screen…]`: Lighthouse's accessibility and best practices on every screen, which must be 100 each.
 * Lighthouse itself (185 MB) is fetched by npx on first use, so that a console that nobody audits installs without it.
 */
import { spawn } from "node:child_process";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "../e2e/browser";
import { startFake } from "../fake/server";
import { startSite } from "../fake/site";

const LIGHTHOUSE = "lighthouse@12.8.2"; // the last that Node 20 runs
const CATEGORIES = ["accessibility", "best-practices"] as const;

interface Report {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { title: string; score: number | null; details?: { items?: unknown[] } }>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function audit(url: string, port: number, report: string): Promise<Report> {
  const only = `--only-categories=${CATEGORIES.join(",")}`;
  const output = ["--output=json", `--output-path=${report}`, "--quiet", "--preset=desktop"];
  const command = [
    "--yes",
    LIGHTHOUSE,
    url,
    `--port=${port}`,
    only,
    ...output,
    "--no-enable-error-reporting",
  ];
  const child = spawn("npx", command, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`Lighthouse ended with ${String(code)}.`);
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

/** What keeps a category from 100, in a line each. */
function shortfalls({ categories, audits }: Report, category: string): string[] {
  const refs = categories[category]?.auditRefs.filter(({ weight }) => weight > 0) ?? [];
  return refs.flatMap(({ id }) => {
    const { score = null, title = id, details } = audits[id] ?? {};
    if (score === null || score === 1) return [];
    return [`${id}: ${title} ${JSON.stringify(details?.items?.slice(0, 3)).slice(0, 600)}`];
  });
}

const api = await startFake({ jobs: 300, arrivals: 0 });
const site = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
  stage: "dev",
  devToken: "admin-token",
});
const locked = await startSite(fileURLToPath(new URL("../dist", import.meta.url)), api.url, {
  apiUrl: api.url,
});

async function newest(status: string): Promise<string> {
  const headers = { Authorization: "Bearer admin-token" };
  const answer = await fetch(`${api.url}/jobs?status=${status}&limit=1`, { headers });
  return ((await answer.json()) as { jobs: { id: string }[] }).jobs[0]?.id ?? "none";
}

const screens: Record<string, string> = {
  landing: `${site.url}/`,
  dashboard: `${site.url}/dashboard`,
  empty: `${site.url}/dashboard?error=nothing-like-this`,
  "job-dead": `${site.url}/jobs/${await newest("dead_letter")}`,
  "job-done": `${site.url}/jobs/${await newest("completed")}`,
  create: `${site.url}/create?type=image.process`,
  queues: `${site.url}/queues`,
  errors: `${site.url}/errors`,
  reference: `${site.url}/reference/`,
  "sign-in": `${locked.url}/dashboard`,
};

const port = await freePort();
const args = [...CHROMIUM_FLAGS, `--remote-debugging-port=${port}`];
const browser = await chromium.launch({ executablePath: chromiumPath, args });
const folder = mkdtempSync(join(tmpdir(), "lighthouse-"));
const wanted = process.argv.slice(2);
let short = false;
for (const [name, url] of Object.entries(screens)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const report = await audit(url, port, join(folder, `${name}.json`));
  const scores = CATEGORIES.map((category) => Math.round((report.categories[category]?.score ?? 0) * 100));
  console.log(
    `${name.padEnd(12)} ${CATEGORIES.map((category, n) => `${category} ${scores[n] ?? 0}`).join("  ")}`,
  );
  for (const line of CATEGORIES.flatMap((category) => shortfalls(report, category))) console.log(`  ${line}`);
  short ||= scores.some((score) => score < 100);
}
rmSync(folder, { recursive: true });
await browser.close();
await Promise.all([site.close(), locked.close()]);
await api.close();
process.exit(short ? 1 : 0);
