import * as v from "valibot";
import { configFile } from "./api/early";

/** Contents of /config.json: the API and the stage of this console. */
const Config = v.object({
  apiUrl: v.pipe(
    v.string(),
    v.transform((url) => url.replace(/\/+$/, "")),
  ),
  stage: v.optional(v.string(), "dev"),
  region: v.optional(v.string(), "us-east-1"),
  devToken: v.optional(v.string()),
});
export type Config = v.InferOutput<typeof Config>;

let current: Config | null = null;

export async function loadConfig(): Promise<Config> {
  const answer = await configFile();
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}.`);
  const read = v.safeParse(Config, await answer.json());
  if (!read.success) throw new Error('/config.json must be like {"apiUrl": "https://…"}.');
  current = read.output;
  return current;
}

export function config(): Config {
  if (!current) throw new Error("config() before loadConfig()");
  return current;
}

/** Set the configuration, for tests. */
export function setConfig(next: Config): void {
  current = next;
}
