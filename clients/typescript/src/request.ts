import { ApiError, ConfigurationError, NotReached, UnexpectedAnswer, type JobFlowError } from "./errors.ts";
import { KeptAnswers } from "./kept.ts";
import type { FieldProblem } from "./types.ts";

/** Reads and writes JSON; one of your own can keep integers that a number would round. */
export interface Json {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

export interface Options {
  /** Address of the API, such as https://jobs.example.com; with TLS unless it is this machine. */
  url: string;
  /** The token, or a function that is asked for it before each request; null sends none. */
  token: string | (() => string | null | Promise<string | null>);
  /** Sends the requests. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds for one request and its answer. */
  timeoutMs?: number;
  /** How often a request is sent at most; 1: never again. */
  tries?: number;
  /** Milliseconds that the first wait lasts at most; each following one is twice as long. */
  firstWaitMs?: number;
  /** Milliseconds that any wait lasts at most; a longer Retry-After is raised at once. */
  longestWaitMs?: number;
  /** Answers that are kept with their ETags, for programs that poll: one that would say the same has no body. */
  keep?: number;
  json?: Json;
}

/** What a test replaces. */
export interface Effects {
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  random(): number;
  now(): number;
}

/** One request. `repeatable`: sending it twice does the same as sending it once. `text` is a body that is written already. */
export interface Call {
  method: string;
  path: string;
  query?: Readonly<Record<string, string | number | boolean | null | undefined>> | undefined;
  body?: unknown;
  text?: string;
  key?: string;
  repeatable: boolean;
  signal?: AbortSignal | undefined;
}

/** The body of an answer and its headers. `again`: it came to a request that had been sent before. */
export interface Answered {
  body: unknown;
  headers: Headers;
  again: boolean;
}

interface Failure {
  error: JobFlowError;
  /** The request may be sent again. */
  safe: boolean;
  /** Seconds, as the API asked for. */
  after: number | null;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** What Node says of a connection that never was: the API has seen nothing of the request. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export class Transport {
  readonly json: Json;
  readonly effects: Effects;
  readonly #url: string;
  readonly #options: Required<Omit<Options, "url" | "json">>;
  readonly #kept: KeptAnswers | null;

  constructor({ url, json = JSON, ...options }: Options, effects: Effects = REAL) {
    this.#url = checked(url);
    this.json = json;
    this.effects = effects;
    this.#options = {
      fetch: (address, init) => fetch(address, init),
      timeoutMs: 30_000,
      tries: 4,
      firstWaitMs: 200,
      longestWaitMs: 60_000,
      keep: 0,
      ...options,
    };
    this.#kept = this.#options.keep > 0 ? new KeptAnswers(this.#options.keep) : null;
  }

  /**
   * Send a request until it is answered. A refusal (429) did nothing and is always sent again; a lost answer or a 5xx
   * only when the call is repeatable. Raises ApiError, NotReached, UnexpectedAnswer, or the reason of the signal.
   */
  async send(call: Call): Promise<Answered> {
    const text = call.body === undefined ? call.text : this.json.stringify(call.body);
    for (let tried = 1; ; tried += 1) {
      const found = await this.#attempt(call, text);
      if (!("error" in found)) return { ...found, again: tried > 1 };
      const wait = found.safe ? this.waitAfter(tried, found.after) : null;
      if (wait === null) throw found.error;
      await this.effects.sleep(wait, call.signal);
    }
  }

  /** Return the milliseconds until the next try after so many, or null when the caller should know at once. */
  waitAfter(tried: number, retryAfter: number | null): number | null {
    const { tries, firstWaitMs, longestWaitMs } = this.#options;
    if (tried >= tries) return null;
    if (retryAfter !== null) return retryAfter * 1000 <= longestWaitMs ? retryAfter * 1000 : null;
    return Math.min(longestWaitMs, firstWaitMs * 2 ** (tried - 1)) * this.effects.random();
  }

  /** Send a form to another host, which must not see the token. */
  async sendForm(url: string, form: FormData, signal: AbortSignal | undefined): Promise<void> {
    const found = await this.#reach(url, { method: "POST", body: form }, signal).catch((lost: unknown) => {
      signal?.throwIfAborted();
      throw new NotReached("No answer from the storage.", { cause: lost });
    });
    if (!found.response.ok) {
      const reason = found.text.replace(/\s+/g, " ").slice(0, 300);
      throw new ApiError(found.response.status, { detail: `The storage refused the file: ${reason}` });
    }
  }

  async #attempt(call: Call, text: string | undefined): Promise<Omit<Answered, "again"> | Failure> {
    const url = this.#url + call.path + queryOf(call.query);
    const token = await tokenOf(this.#options.token);
    const reads = call.method === "GET";
    const kept = reads ? this.#kept?.find(url, token) : undefined;
    const headers: Record<string, string> = {
      Accept: "application/json",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { "Content-Type": "application/json" }),
      ...(call.key === undefined ? {} : { "Idempotency-Key": call.key }),
      ...(kept ? { "If-None-Match": kept.tag } : {}),
    };
    const init = {
      method: call.method,
      headers,
      redirect: "manual",
      ...(text === undefined ? {} : { body: text }),
    } as const;
    let found: { response: Response; text: string };
    try {
      found = await this.#reach(url, init, call.signal);
    } catch (lost) {
      call.signal?.throwIfAborted();
      const error = new NotReached(`No answer from the API: ${reasonOf(lost)}`, { cause: lost });
      return { error, safe: call.repeatable || NEVER_CONNECTED.has(codeOf(lost)), after: null };
    }
    const { response } = found;
    if (response.status === 304 && kept) return { body: kept.body, headers: response.headers };
    const body = this.#parsed(found.text);
    if (response.ok && body !== undefined) {
      if (reads) this.#kept?.keep(url, token, response.headers.get("ETag"), body);
      return { body, headers: response.headers };
    }
    if (response.status < 400)
      throw new UnexpectedAnswer(
        `${call.method} ${url} did not answer as the API does (${response.status}).`,
      );
    const error = problemOf(response, body);
    const safe = response.status === 429 || (call.repeatable && response.status >= 500);
    return { error, safe, after: error.retryAfter };
  }

  /** Fetch and read an answer within the time limit, unless the signal ends it before. */
  async #reach(url: string, init: RequestInit, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const stop = () => limit.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const { timeoutMs } = this.#options;
    const late = () => limit.abort(new Error(`none within ${timeoutMs / 1000} s`));
    const timer = setTimeout(late, timeoutMs);
    try {
      const response = await this.#options.fetch(url, { ...init, signal: limit.signal });
      return { response, text: await response.text() };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** The body as JSON; undefined when it is something else, as a proxy's error page is. */
  #parsed(text: string): unknown {
    try {
      return this.json.parse(text);
    } catch {
      return undefined;
    }
  }
}

const REAL: Effects = {
  random: Math.random,
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what the caller gave
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** Return the address without a slash at its end; raises ConfigurationError for one that would send the token in the clear. */
function checked(url: string): string {
  const found = URL.canParse(url) ? new URL(url) : null;
  if (found === null || !/^https?:$/.test(found.protocol))
    throw new ConfigurationError(`${url} is no address; one looks like https://jobs.example.com`);
  if (found.protocol === "http:" && !LOCAL.has(found.hostname))
    throw new ConfigurationError(`${url} would send the token unencrypted: use https.`);
  return url.replace(/\/+$/, "");
}

async function tokenOf(given: Options["token"]): Promise<string | null> {
  const token = typeof given === "function" ? await given() : given;
  if (token !== null && !/^[!-~]+$/.test(token))
    throw new ConfigurationError("The token is empty, or not one: it looks like jf_…");
  return token;
}

function queryOf(query: Call["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text && `?${text}`;
}

/** A problem of the API, a message of the gateway, or neither. */
function problemOf(response: Response, body: unknown): ApiError {
  const found = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (...names: string[]) =>
    names.map((name) => found[name]).find((one) => typeof one === "string");
  return new ApiError(response.status, {
    type: text("type"),
    title: text("title"),
    detail: text("detail", "message", "Message"),
    errors: Array.isArray(found.errors) ? (found.errors as FieldProblem[]) : undefined,
    correlationId: text("correlation_id") ?? response.headers.get("X-Correlation-Id"),
    retryAfter: retryAfterOf(response.headers.get("Retry-After")?.trim() ?? ""),
  });
}

/** The seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3); null when it is neither. */
export function retryAfterOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text.slice(0, 9));
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}

/** What `fetch` hides behind "fetch failed". */
function causeOf(lost: unknown): unknown {
  return lost instanceof Error && lost.cause !== undefined ? lost.cause : lost;
}

function codeOf(lost: unknown): string {
  const cause = causeOf(lost);
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
}

function reasonOf(lost: unknown): string {
  const cause = causeOf(lost);
  return (cause instanceof Error && cause.message) || codeOf(lost) || String(lost);
}
