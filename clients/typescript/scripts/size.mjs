/** Measure the client as a page loads it (one file, minified, gzip), and fail if it is larger than the budget. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const BUDGET = 12 * 1024;
const entry = new URL("../src/index.ts", import.meta.url).pathname;
const options = {
  entryPoints: [entry],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
};
const [file] = (await build(options)).outputFiles;
const size = gzipSync(file.contents, { level: 9 }).length;
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`TypeScript client: ${kb(size)} gzip of ${kb(BUDGET)} (${kb(file.contents.length)} minified)`);
process.exit(size > BUDGET ? 1 : 0);
