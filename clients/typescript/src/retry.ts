import { ApiError, ConfigurationError, NotReached } from "./errors.ts";
import { exchange, reach, wireOf, type Answered, type Call, type Sender, type Wire } from "./request.ts";

export interface Options extends Omit<Sender, "token"> {
  /**
   * The API's address, such as https://jobs.example.com; it must use https, except for an address of this
   * machine.
   */
  url: string;
  /** The token, or a function that returns the token before each request; with null, no token is sent. */
  token: string | null | Sender["token"];
  /** Maximum milliseconds for one request and its answer. */
  timeoutMs?: number;
  /** Maximum number of times that a request is sent; 1: it is never repeated. */
  tries?: number;
  /** Maximum milliseconds of the first wait; the maximum doubles with each further wait. */
  firstWaitMs?: number;
  /** Maximum milliseconds of any wait. If Retry-After is longer, the error is raised at once. */
  longestWaitMs?: number;
}

/** The effects that a test replaces. */
export interface Effects {
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  random(): number;
  now(): number;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Node's codes for a connection that could not be opened: the API has not received the request. */
const NEVER_CONNECTED = new Set(
  "ECONNREFUSED ENOTFOUND EAI_AGAIN ENETUNREACH EHOSTUNREACH UND_ERR_CONNECT_TIMEOUT".split(" "),
);

/** Send requests until they are answered. */
export class Transport {
  readonly wire: Wire;
  readonly effects: Effects;
  readonly #patience: Required<Pick<Options, "timeoutMs" | "tries" | "firstWaitMs" | "longestWaitMs">>;

  constructor(options: Options, effects = REAL) {
    const {
      timeoutMs = 30_000,
      tries = 4,
      firstWaitMs = 200,
      longestWaitMs = 60_000,
      token,
      ...sender
    } = options;
    check(sender.url);
    const asked = typeof token === "function" ? token : () => token;
    const url = sender.url.replace(/\/+$/, "");
    this.wire = wireOf({ ...sender, url, token: async () => checkedToken(await asked()) });
    this.effects = effects;
    this.#patience = { timeoutMs, tries, firstWaitMs, longestWaitMs };
  }

  /** Send a request until it is answered. `again`: the request had been sent before. */
  async send(call: Call): Promise<Answered & { again: boolean }> {
    for (let tried = 1; ; tried += 1) {
      try {
        const answered = await this.#inTime(call.signal, (signal) =>
          exchange(this.wire, { ...call, signal }),
        );
        return { ...answered, again: tried > 1 };
      } catch (error) {
        const wait = safe(error, call.repeatable ?? call.method === "GET")
          ? this.waitAfter(tried, error instanceof ApiError ? error.retryAfter : null)
          : null;
        if (wait === null) throw error instanceof NotReached ? explained(error) : error;
        await this.effects.sleep(wait, call.signal);
      }
    }
  }

  /** Return the milliseconds to wait after `tried` tries; null: do not try again. */
  waitAfter(tried: number, retryAfter: number | null): number | null {
    const { tries, firstWaitMs, longestWaitMs } = this.#patience;
    if (tried >= tries) return null;
    if (retryAfter !== null) return retryAfter * 1000 <= longestWaitMs ? retryAfter * 1000 : null;
    return Math.min(longestWaitMs, firstWaitMs * 2 ** (tried - 1)) * this.effects.random();
  }

  /** Send a form to another host, without the token. */
  async sendForm(url: string, form: FormData, signal: AbortSignal | undefined): Promise<void> {
    const init = { method: "POST", body: form };
    const sent = this.#inTime(signal, (limited) => reach(this.wire, url, { ...init, signal: limited }));
    const [response, text] = await sent;
    const reason = text.replace(/\s+/g, " ").slice(0, 300);
    if (!response.ok)
      throw new ApiError(response.status, { detail: `The storage refused the file: ${reason}` });
  }

  /** Do some work within the time limit; the signal can end the work earlier. */
  async #inTime<T>(signal: AbortSignal | undefined, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const stop = () => limit.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const { timeoutMs } = this.#patience;
    const late = () =>
      limit.abort(new NotReached("No answer.", { cause: new Error(`none in ${timeoutMs} ms`) }));
    const timer = setTimeout(late, timeoutMs);
    try {
      return await work(limit.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

/**
 * Return whether a request may be sent again. After 429, and if no connection was opened, the API did nothing, so
 * every request may be sent again. After a lost answer or a 5xx, only a repeatable request may be sent again.
 */
function safe(error: unknown, repeatable: boolean): boolean {
  if (error instanceof ApiError) return error.status === 429 || (repeatable && error.status >= 500);
  if (!(error instanceof NotReached)) return false;
  const said = hidden(error) as { code?: unknown } | undefined;
  return repeatable || NEVER_CONNECTED.has(String(said?.code));
}

/** Return the error that `fetch` reports only as "fetch failed". */
function hidden({ cause }: NotReached): unknown {
  return cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
}

function explained(error: NotReached): NotReached {
  const said = hidden(error);
  const reason =
    said instanceof Error ? said.message || String((said as { code?: unknown }).code) : String(said);
  return new NotReached(`No answer from the API: ${reason}`, { cause: error.cause });
}

/**
 * Escape a name for a path. Raises TypeError for a name that would lead to another path: an empty one, or dots.
 */
export function segment(name: string | number | boolean, place = "name"): string {
  if (name === "" || name === "." || name === "..")
    throw new TypeError(`${place} is ${JSON.stringify(name)}, which is not an id or a name.`);
  return encodeURIComponent(name);
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

/** Raise ConfigurationError for an invalid address, or for one that would send the token unencrypted. */
function check(url: string): void {
  const found = URL.canParse(url) ? new URL(url) : null;
  if (found === null || !/^https?:$/.test(found.protocol))
    throw new ConfigurationError(`${url} is not an address; write it like https://jobs.example.com`);
  if (found.protocol === "http:" && !LOCAL.has(found.hostname))
    throw new ConfigurationError(`${url} would send the token unencrypted: use https.`);
}

function checkedToken(token: string | null): string | null {
  if (token !== null && !/^[!-~]+$/.test(token))
    throw new ConfigurationError("The token is empty or not a token: a token looks like jf_…");
  return token;
}
