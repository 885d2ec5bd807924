/** Measures dist/ as a browser loads it (gzip) and fails over the budget. Run after `npm run build`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const FIRST_VIEW = 180 * 1024;
const LAZY_CHUNK = 80 * 1024;
const REFERENCE = 520 * 1024;
const SCREENS = [
  "landing/LandingPage",
  "jobs/list/JobsPage",
  "jobs/detail/JobPage",
  "create/CreatePage",
  "queues/QueuesPage",
  "queues/type/TypePage",
  "errors/ErrorsPage",
  "batches/BatchListPage",
  "batches/BatchPage",
];

interface Chunk {
  file: string;
  name?: string;
  imports?: string[];
  css?: string[];
}

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, "utf8")) as Record<string, Chunk>;
const gzip = (file: string) => gzipSync(readFileSync(dist + file), { level: 9 }).length;
const kb = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`;

/** Every file that a chunk needs before it runs. */
function closure(key: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  chunk.css?.forEach((file) => seen.add(file));
  chunk.imports?.forEach((next) => closure(next, seen));
  return seen;
}

const frame = Object.keys(manifest).find((key) => manifest[key]?.name === "frame") ?? "no frame";
const base = new Set([...closure("index.html"), ...closure(frame)]);
const reference = [...closure("reference/index.html"), ...closure("src/reference/render.ts")];
const always = gzip("index.html") + gzip("theme.js");
const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + gzip(file), 0);
const over: string[] = [];
const check = (name: string, bytes: number, budget: number) => {
  if (bytes > budget) over.push(name);
  console.log(
    `${name.padEnd(34)} ${kb(bytes).padStart(9)} of ${kb(budget)}${bytes > budget ? "  OVER" : ""}`,
  );
};

for (const screen of SCREENS) {
  const files = new Set([...base, ...closure(`src/${screen}.tsx`)]);
  check(`First view: ${screen}`, always + sum(files), FIRST_VIEW);
}
const ours = new Set([...base, ...reference]);
const lazy = Object.values(manifest).filter((chunk) => !ours.has(chunk.file) && chunk.file.endsWith(".js"));
const largest = lazy
  .map((chunk) => ({ file: chunk.file, bytes: gzip(chunk.file) }))
  .sort((a, b) => b.bytes - a.bytes)[0];
if (largest) check(`Largest lazy: ${largest.file.replace("assets/", "")}`, largest.bytes, LAZY_CHUNK);
check("API reference, once", always + sum(new Set(reference)), REFERENCE);
process.exit(over.length > 0 ? 1 : 0);
