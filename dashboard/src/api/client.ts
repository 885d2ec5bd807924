import { createStore } from "@/lib/store";
import { config } from "@/config";
import { parse, stringify } from "@/lib/json";
import { takeEarly } from "./early";
import { keepAnswer, keptAnswer } from "./etags";
import { ApiError, Offline, type FieldError } from "@/api/numbers/errors";
import { moved } from "./movement";
import { t } from "@/texts/en/base";

/** When the API last answered, and since when it does not; milliseconds. */
export interface Connection {
  lastOk: number | null;
  downSince: number | null;
}
export const connection = createStore<Connection>({ lastOk: null, downSince: null });

interface Hooks {
  token: () => string | null;
  onUnauthorized: () => void;
}
let hooks: Hooks = { token: () => null, onUnauthorized: () => undefined };

/** The session tells the client about tokens; the client knows nothing of sessions. */
export function connectSession(next: Hooks): void {
  hooks = next;
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  query?: Record<string, string | number | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Return the answer of the API to one call; raises ApiError, Offline. */
export async function request<T>(path: string, call: Call = {}): Promise<T> {
  return (await requestFull<T>(path, call)).body;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what the contract promises for this path
export async function requestFull<T>(path: string, call: Call): Promise<{ body: T; answer: Response }> {
  const token = hooks.token();
  const url = `${config().apiUrl}${path}${queryString(call.query)}`;
  const reads = (call.method ?? "GET") === "GET";
  const early = reads ? takeEarly(url, token) : undefined;
  const kept = reads ? keptAnswer(url, token) : undefined;
  const answer = await reach(early, url, {
    method: call.method ?? "GET",
    headers: {
      Accept: "application/json",
      // Only to an API that lets a page read its tags: any other would refuse this header to a foreign origin.
      ...(kept ? { "If-None-Match": kept.tag } : {}),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: stringify(call.body) }),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  if (answer.status === 304 && kept) return { body: kept.body as T, answer };
  const body = await read(answer);
  if (!answer.ok) {
    if (answer.status === 401 && token === hooks.token()) hooks.onUnauthorized();
    throw problem(answer, body);
  }
  if (body === undefined) throw problem(answer, undefined);
  if (reads) keepAnswer(url, answer.headers.get("ETag"), body);
  else moved();
  return { body: body as T, answer };
}

async function reach(
  early: Promise<Response> | undefined,
  url: string,
  init: RequestInit,
): Promise<Response> {
  try {
    const answer = await (early ?? fetch(url, init));
    connection.set({ lastOk: Date.now(), downSince: null });
    return answer;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connection.update((now) => ({ ...now, downSince: now.downSince ?? Date.now() }));
    throw new Offline();
  }
}

/** The body as JSON; undefined when it is something else, as a proxy's error page is. */
async function read(answer: Response): Promise<unknown> {
  try {
    return parse(await answer.text());
  } catch {
    return undefined;
  }
}

interface WireProblem {
  title?: string;
  detail?: string;
  message?: string;
  errors?: FieldError[] | null;
  correlation_id?: string | null;
}

function problem(answer: Response, body: unknown): ApiError {
  const found = (typeof body === "object" && body !== null ? body : {}) as WireProblem;
  const title = found.title ?? (answer.ok ? t.notJsonAnswer : `HTTP ${answer.status}`);
  const wait = Number(answer.headers.get("Retry-After"));
  return new ApiError(
    answer.status,
    title,
    found.detail ?? found.message ?? title,
    found.correlation_id ?? answer.headers.get("X-Correlation-Id"),
    found.errors ?? [],
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

function queryString(query: Call["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}
