/** Fails when src/api/schema.gen.ts is not what the OpenAPI document gives now. */
import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import prettier from "prettier";

const source = process.env.npm_package_config_openapi ?? "contract/openapi.json";
const written = await readFile("src/api/schema.gen.ts", "utf8");
const options = (await prettier.resolveConfig("src/api/schema.gen.ts")) ?? {};
const header = written.slice(0, written.indexOf("export "));
const fresh = header + astToString(await openapiTS(new URL(`../${source}`, import.meta.url)));
if ((await prettier.format(fresh, { ...options, parser: "typescript" })) !== written) {
  console.error(`src/api/schema.gen.ts does not match ${source}: run "npm run types".`);
  process.exit(1);
}
