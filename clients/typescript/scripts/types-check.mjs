/** Fail if src/schema.gen.ts differs from what the OpenAPI document now generates. */
import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import prettier from "prettier";

const target = new URL("../src/schema.gen.ts", import.meta.url);
const written = await readFile(target, "utf8");
const header = written.slice(0, written.indexOf("export "));
const fresh = header + astToString(await openapiTS(new URL("../../../docs/openapi.json", import.meta.url)));
const options = await prettier.resolveConfig(target);
if ((await prettier.format(fresh, { ...options, parser: "typescript" })) !== written) {
  console.error(
    "clients/typescript/src/schema.gen.ts is stale: run `npm --prefix clients/typescript run types`.",
  );
  process.exit(1);
}
