import { ApiError, ConfigurationError, NotReached } from "./errors.ts";
import { exchange, reach, wireOf, type Answered, type Call, type Sender, type Wire } from "./request.ts";

export interface Options extends Omit<Sender, "token"> {
  /** Address of the API, such as https://jobs.example.com; with TLS unless it is this machine. */
  url: string;
  /** The token, or a function that is asked for it before each request; null sends none. */
  token: string | Sender["token"];
  /** Milliseconds for one request and its answer. */
  timeoutMs?: number;
  /** How often a request is sent at most; 1: never again. */
  tries?: number;
  /** Milliseconds that the first wait lasts at most; each following one is twice as long. */
  firstWaitMs?: number;
  /** Milliseconds that any wait lasts at most; a longer Retry-After is raised at once. */
  longestWaitMs?: number;
}

/** What a test replaces. */
export interface Effects {
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  random(): number;
  now(): number;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** What Node says of a connection that never was: the API has seen nothing of the request. */
const NEVER_CONNECTED = new Set(
  "ECONNREFUSED ENOTFOUND EAI_AGAIN ENETUNREACH EHOSTUNREACH UND_ERR_CONNECT_TIMEOUT".split(" "),
);

/** Sends requests until they are answered. */
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

  /** Send a request until it is answered; `again`: the answer came to one that had been sent before. */
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

  /** Return the milliseconds until the next try after so many, or null when the caller should know at once. */
  waitAfter(tried: number, retryAfter: number | null): number | null {
    const { tries, firstWaitMs, longestWaitMs } = this.#patience;
    if (tried >= tries) return null;
    if (retryAfter !== null) return retryAfter * 1000 <= longestWaitMs ? retryAfter * 1000 : null;
    return Math.min(longestWaitMs, firstWaitMs * 2 ** (tried - 1)) * this.effects.random();
  }

  /** Send a form to another host, which must not see the token. */
  async sendForm(url: string, form: FormData, signal: AbortSignal | undefined): Promise<void> {
    const init = { method: "POST", body: form };
    const sent = this.#inTime(signal, (limited) => reach(this.wire, url, { ...init, signal: limited }));
    const [response, text] = await sent;
    const reason = text.replace(/\s+/g, " ").slice(0, 300);
    if (!response.ok)
      throw new ApiError(response.status, { detail: `The storage refused the file: ${reason}` });
  }

  /** Do something within the time limit, unless the signal ends it before. */
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
 * Whether a request may be sent again. A refusal (429) did nothing, and a connection that never was neither; a lost
 * answer or a 5xx only allows it when the call is repeatable.
 */
function safe(error: unknown, repeatable: boolean): boolean {
  if (error instanceof ApiError) return error.status === 429 || (repeatable && error.status >= 500);
  if (!(error instanceof NotReached)) return false;
  const said = hidden(error) as { code?: unknown } | undefined;
  return repeatable || NEVER_CONNECTED.has(String(said?.code));
}

/** What `fetch` hides behind "fetch failed". */
function hidden({ cause }: NotReached): unknown {
  return cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
}

function explained(error: NotReached): NotReached {
  const said = hidden(error);
  const reason =
    said instanceof Error ? said.message || String((said as { code?: unknown }).code) : String(said);
  return new NotReached(`No answer from the API: ${reason}`, { cause: error.cause });
}

/** Escape a name for a path. Raises TypeError for one that would lead to another path: an empty one, or dots. */
export function segment(name: string | number | boolean): string {
  if (name === "" || name === "." || name === "..")
    throw new TypeError(`${JSON.stringify(name)} is no name.`);
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

/** Raise ConfigurationError for an address that is none, or that would send the token in the clear. */
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
