/** Send one request and read its answer. `retry.ts` repeats requests. */
import { ApiError, NotReached, UnexpectedAnswer } from "./errors.ts";
import { keeping, type KeptAnswers } from "./kept.ts";
import type { Answer, FieldProblem, Input, Method, Operation, PathOf } from "./types.ts";

/** Reads and writes JSON. A function of your own can keep integers that JavaScript numbers would round. */
export interface Json {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** The address of requests, and the functions that send them. */
export interface Sender {
  /** The API's address without a slash at its end, such as https://jobs.example.com. */
  url: string;
  /** Returns the token before each request; with null, no token is sent. */
  token: () => string | null | Promise<string | null>;
  /** Sends the requests. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Maximum number of answers that are kept with their ETags, for programs that poll: an unchanged answer is sent
   * without a body. Default: 0.
   */
  keep?: number;
  json?: Json;
  /**
   * Whether answers have the values of personal fields that the token may see, or `[personal]`; with "never", a
   * search does not find them either. Default: "show".
   */
  personal?: "show" | "hide" | "never";
}
export interface Wire extends Required<Omit<Sender, "keep">> {
  kept: KeptAnswers | null;
}

/**
 * One request. `repeatable`: sending it twice has the same effect as sending it once; default: true for GET.
 * `text` is a body that is already encoded.
 */
export interface Call {
  method: string;
  path: string;
  query?: Readonly<Record<string, string | number | boolean | null | undefined>> | undefined;
  body?: unknown;
  text?: string;
  key?: string;
  /** The header `traceparent`. */
  traceparent?: string | undefined;
  repeatable?: boolean;
  signal?: AbortSignal | undefined;
}
export interface Sending {
  signal?: AbortSignal | undefined;
  /** Sending the request twice has the same effect as sending it once. Default: true for GET. */
  repeatable?: boolean;
  /** The Idempotency-Key. */
  key?: string;
  /** The header `traceparent`. */
  traceparent?: string | undefined;
}
/** The body of an answer, its status and its headers. */
export interface Answered<T = unknown> {
  body: T;
  status: number;
  headers: Headers;
}
/** Sends any operation of the API's document, and returns the answer. */
export type Ask = <M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  call: Input<Operation<M, P>> & Sending,
) => Promise<Answered<Answer<Operation<M, P>>>>;

export function wireOf({ keep = 0, ...sender }: Sender): Wire {
  const { personal = "show" } = sender;
  if (!["show", "hide", "never"].includes(personal))
    throw new TypeError(`personal is "show", "hide" or "never", not ${JSON.stringify(personal)}.`);
  const fetching = (url: string, init: RequestInit) => fetch(url, init);
  return { fetch: fetching, json: JSON, ...sender, personal, kept: keep > 0 ? keeping(keep) : null };
}

/**
 * Return a function that sends each request once: a small client for programs that decide themselves what to
 * repeat.
 */
export function asking(sender: Sender): Ask {
  const wire = wireOf(sender);
  return (method, path, call) => exchange(wire, callOf(method, path, call)) as never;
}

/** Escapes a name for the place in a path that has this name. */
type Escape = (name: string, place: string) => string;

/** Raise TypeError for a time such as `new Date("x")`: JSON writes null for it, and the job would run at once. */
export function checkTimes(body: unknown): void {
  for (const [name, value] of Object.entries(body ?? {}))
    if (value instanceof Date && Number.isNaN(value.getTime()))
      throw new TypeError(`${name} is not a valid time.`);
}

/** Return an operation as a request, with the names in its path filled in. */
export function callOf(
  method: Method,
  path: string,
  call: Sending,
  escape: Escape = encodeURIComponent,
): Call {
  const { path: places = {}, ...rest } = call as Pick<Call, "body"> &
    Sending & { path?: Record<string, string> };
  const filled = path.replace(/{(\w+)}/g, (_, name: string) => escape(places[name] ?? "", name));
  checkTimes(rest.body);
  return { ...rest, method: method.toUpperCase(), path: filled };
}

/** Send a request once. Raises ApiError, NotReached, UnexpectedAnswer, or the reason of the signal. */
export async function exchange(wire: Wire, call: Call): Promise<Answered> {
  const url = wire.url + call.path + queryOf(call.query);
  const token = await wire.token();
  const kept = call.method === "GET" && wire.kept?.find(url, token);
  const text = call.body === undefined ? call.text : wire.json.stringify(call.body);
  const headers: Record<string, string> = {};
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (text !== undefined) headers["Content-Type"] = "application/json";
  if (call.key !== undefined) headers["Idempotency-Key"] = call.key;
  if (wire.personal !== "show") headers.Accept = `application/json; personal=${wire.personal}`;
  // an invalid trace must not prevent a job: the API ignores it, and fetch would refuse what no header can have
  if (call.traceparent !== undefined && /^[!-~]+$/.test(call.traceparent))
    headers.traceparent = call.traceparent;
  if (kept) headers["If-None-Match"] = kept.tag;
  const init: RequestInit = { method: call.method, headers, redirect: "manual", signal: call.signal ?? null };
  if (text !== undefined) init.body = text;
  const [response, said] = await reach(wire, url, init);
  const { status, headers: told } = response;
  if (status === 304 && kept) return { body: kept.body, status, headers: told };
  const body = parsed(wire.json, said);
  if (response.ok && body !== undefined) {
    if (call.method === "GET") wire.kept?.keep(url, token, told.get("ETag"), body);
    return { body, status, headers: told };
  }
  if (status >= 400) throw problemOf(response, body);
  throw new UnexpectedAnswer(`${url} is not the API: ${status}`);
}

/** Send a request and read the answer. Raises NotReached, or the reason of the signal. */
export async function reach(wire: Wire, url: string, init: RequestInit): Promise<[Response, string]> {
  try {
    const response = await wire.fetch(url, init);
    return [response, await response.text()];
  } catch (lost) {
    init.signal?.throwIfAborted();
    throw new NotReached("No answer.", { cause: lost });
  }
}

/** Return the body as JSON; undefined if it is not JSON, such as a proxy's error page. */
function parsed(json: Json, text: string): unknown {
  try {
    return json.parse(text);
  } catch {
    return undefined;
  }
}

function queryOf(query: Call["query"] = {}): string {
  const times = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
  const given = Object.entries(query)
    // an empty `value` is one of the values of a limit's field; without it, all values would be meant
    .filter(([name, value]) => (value ?? "") !== "" || (name === "value" && value === ""))
    .map(([name, value]) => [name, times(value)]);
  return given.length > 0 ? `?${new URLSearchParams(given as [string, string][])}` : "";
}

/** The body of an error answer, from the API or from the gateway in front of the API. */
interface Told {
  type?: string;
  title?: string;
  detail?: string;
  message?: string;
  Message?: string;
  errors?: FieldProblem[] | null;
  correlation_id?: string | null;
}

/**
 * Return the error of an answer: from a problem of the API, from a message of the gateway, or only from the
 * status.
 */
function problemOf({ status, headers }: Response, body: unknown): ApiError {
  const told = (body ?? {}) as Told;
  return new ApiError(status, {
    ...told,
    detail: told.detail ?? told.message ?? told.Message,
    errors: told.errors ?? undefined,
    correlationId: told.correlation_id ?? headers.get("X-Correlation-Id"),
    retryAfter: retryAfterOf(headers.get("Retry-After") ?? ""),
  });
}

/** Return the seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3); null if it is neither. */
export function retryAfterOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text.slice(0, 9));
  const at = /^\w+, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}
