import { configFile } from "./api/early";
import { isObject } from "./lib/json";

/** The content of /config.json: the API and the stage of this console. */
export interface Config {
  apiUrl: string;
  stage: string;
  region: string;
  devToken?: string | undefined;
  /** The identity provider with which users can sign in. */
  signIn?: Provider | undefined;
}

/** An identity provider (OpenID Connect), and this console as its client. */
export interface Provider {
  name: string;
  issuer: string;
  clientId: string;
  authorizeUrl: string;
  tokenUrl: string;
  scopes: string;
}

let current: Config | null = null;

export async function loadConfig(): Promise<Config> {
  const answer = await configFile();
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}.`);
  current = readConfig(await answer.json());
  return current;
}

function readConfig(found: unknown): Config {
  const { apiUrl, stage, region, devToken, signIn } = isObject(found) ? found : {};
  if (typeof apiUrl !== "string") throw new Error('/config.json must be like {"apiUrl": "https://…"}.');
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    apiUrl: apiUrl.replace(/\/+$/, ""),
    stage: text(stage) ?? "dev",
    region: text(region) ?? "us-east-1",
    devToken: text(devToken),
    signIn: readProvider(signIn),
  };
}

function readProvider(found: unknown): Provider | undefined {
  if (!isObject(found)) return undefined;
  const { name, issuer, clientId, authorizeUrl, tokenUrl, scopes } = found;
  const all = { name, issuer, clientId, authorizeUrl, tokenUrl, scopes };
  const whole = Object.values(all).every((value) => typeof value === "string" && value !== "");
  return whole ? (all as Provider) : undefined;
}

export function config(): Config {
  if (!current) throw new Error("config() before loadConfig()");
  return current;
}

/** Set the configuration, for tests. */
export function setConfig(next: Config): void {
  current = next;
}
