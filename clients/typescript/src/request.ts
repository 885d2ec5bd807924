/** One request and its answer: what every caller needs, and no more. `retry.ts` sends again. */
import { ApiError, NotReached, UnexpectedAnswer } from "./errors.ts";
import { keeping, type KeptAnswers } from "./kept.ts";
import type { Answer, FieldProblem, Input, Method, Operation, PathOf } from "./types.ts";

/** Reads and writes JSON; one of your own can keep integers that a number would round. */
export interface Json {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** Where requests go, and how. */
export interface Sender {
  /** Address of the API without a slash at its end, such as https://jobs.example.com. */
  url: string;
  /** Is asked for the token before each request; null sends none. */
  token: () => string | null | Promise<string | null>;
  /** Sends the requests. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Answers that are kept with their ETags, for programs that poll: one that would say the same has no body. */
  keep?: number;
  json?: Json;
}
export interface Wire extends Required<Omit<Sender, "keep">> {
  kept: KeptAnswers | null;
}

/** One request. `repeatable`: sending it twice does the same as sending it once, as a GET always does. `text` is a body that is written already. */
export interface Call {
  method: string;
  path: string;
  query?: Readonly<Record<string, string | number | boolean | null | undefined>> | undefined;
  body?: unknown;
  text?: string;
  key?: string;
  repeatable?: boolean;
  signal?: AbortSignal | undefined;
}
export interface Sending {
  signal?: AbortSignal | undefined;
  /** Sending it twice does the same as sending it once. A GET always does. */
  repeatable?: boolean;
  /** The Idempotency-Key. */
  key?: string;
}
/** The body of an answer, its status and its headers. */
export interface Answered<T = unknown> {
  body: T;
  status: number;
  headers: Headers;
}
/** Asks for any operation of the contract. */
export type Ask = <M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  call: Input<Operation<M, P>> & Sending,
) => Promise<Answered<Answer<Operation<M, P>>>>;

export function wireOf({ keep = 0, ...sender }: Sender): Wire {
  const fetching = (url: string, init: RequestInit) => fetch(url, init);
  return { fetch: fetching, json: JSON, ...sender, kept: keep > 0 ? keeping(keep) : null };
}

/** Return a function that sends each request once: the smallest client, for who decides elsewhere what is sent again. */
export function asking(sender: Sender): Ask {
  const wire = wireOf(sender);
  return (method, path, call) => exchange(wire, callOf(method, path, call)) as never;
}

/** Return an operation as a request, with the names in its path filled in. */
export function callOf(method: Method, path: string, call: Sending, escape = encodeURIComponent): Call {
  const { path: places = {}, ...rest } = call as Sending & { path?: Record<string, string> };
  const filled = path.replace(/{(\w+)}/g, (_, name: string) => escape(places[name] ?? ""));
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

/** Fetch and read an answer. Raises NotReached, or the reason of the signal. */
export async function reach(wire: Wire, url: string, init: RequestInit): Promise<[Response, string]> {
  try {
    const response = await wire.fetch(url, init);
    return [response, await response.text()];
  } catch (lost) {
    init.signal?.throwIfAborted();
    throw new NotReached("No answer.", { cause: lost });
  }
}

/** The body as JSON; undefined when it is something else, as a proxy's error page is. */
function parsed(json: Json, text: string): unknown {
  try {
    return json.parse(text);
  } catch {
    return undefined;
  }
}

function queryOf(query: Call["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => (value ?? "") !== "");
  return given.length > 0 ? `?${new URLSearchParams(given as [string, string][])}` : "";
}

/** What the API says of a refusal, or the gateway before it. */
interface Told {
  type?: string;
  title?: string;
  detail?: string;
  message?: string;
  Message?: string;
  errors?: FieldProblem[] | null;
  correlation_id?: string | null;
}

/** A problem of the API, a message of the gateway, or neither. */
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

/** The seconds of `Retry-After`, which is a number or a date (RFC 9110, 10.2.3); null when it is neither. */
export function retryAfterOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text.slice(0, 9));
  const at = /^\w+, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}
