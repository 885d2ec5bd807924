/** An API with the answers that a test gives, and a clock that advances without waiting. */
import { JobFlow, type AnyPayloads, type Options } from "../src/index.ts";

export const URL = "https://jobs.example.com";

export interface Asked {
  method: string;
  path: string;
  headers: Headers;
  body: string | null;
}
export type Said = Response | Error | ((asked: Asked) => Response | Promise<Response>);

/** The error of Node's `fetch` if nothing listens. */
export const REFUSED = new TypeError("fetch failed", {
  cause: Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:8000"), { code: "ECONNREFUSED" }),
});
/** The error of `fetch` if the answer does not come: the API may have acted. */
export const LOST = new TypeError("fetch failed", {
  cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
});

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers });
}

export function problem(
  status: number,
  kind = "about:blank",
  headers: Record<string, string> = {},
): Response {
  const type = kind === "about:blank" ? kind : `urn:jobflow:problem:${kind}`;
  return json(status, { type, title: "No", status, detail: `Because ${status}.` }, headers);
}

/**
 * Return a client of an API that gives these answers one after the other, and the requests and waits that it
 * made.
 */
export function playing<P extends object = AnyPayloads>(said: Said[], options: Partial<Options> = {}) {
  const asked: Asked[] = [];
  const waits: number[] = [];
  let clock = 0;
  const effects = {
    random: () => 1,
    now: () => clock,
    sleep: (ms: number, signal: AbortSignal | undefined) => {
      signal?.throwIfAborted();
      clock += ms;
      waits.push(Math.round(ms));
      return Promise.resolve();
    },
  };
  const fetch = async (url: string, init: RequestInit) => {
    const one = {
      method: init.method ?? "GET",
      path: url.replace(URL, ""),
      headers: new Headers(init.headers),
    };
    const request = { ...one, body: typeof init.body === "string" ? init.body : null };
    asked.push(request);
    const next = said.shift();
    if (next === undefined) throw new Error(`nobody expected ${request.method} ${request.path}`);
    if (next instanceof Error) throw next;
    return next instanceof Response ? next : await next(request);
  };
  const client = new JobFlow<P>({ url: URL, token: "jf_a-token", fetch, ...options }, effects);
  return { client, asked, waits, left: said };
}
